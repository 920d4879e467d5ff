/** The right to send one request with one key, and the record of what it holds until it ends. */
import { freeConcurrency, refundHolds, settleHolds } from './accounting.ts'
import type { Hold } from './accounting.ts'
import { Link } from './chain.ts'
import type { CandidateReport, Failure, Lease, Settlement, Signal } from './contract.ts'
import { beginProbe } from './health/breaker.ts'
import type { Choice, Lane } from './lane.ts'
import type { Demand } from './limits/demand.ts'
import type { Pool } from './pool.ts'
import type { Key, KeyModel } from './provider.ts'
import type { Waiting } from './queue/waiting.ts'

/** What a lease tells the scheduler. */
export interface LeaseHost {
  now(): number
  observe(lease: LeaseRecord, signals: readonly Signal[]): void
  started(lease: LeaseRecord, elapsed: number): void
  succeeded(lease: LeaseRecord, used: Settlement, now: number): void
  failed(lease: LeaseRecord, failure: Failure, now: number): void
  /** After every end: room may have come free. */
  ended(lease: LeaseRecord, now: number): void
  explain(lease: LeaseRecord): CandidateReport[]
}

/** The probes that a request may be: of a dead key, of a dead pair of key and model, of an open breaker. */
export interface Probes {
  readonly key: boolean
  readonly keyModel: boolean
  readonly breaker: boolean
}

/** What nearly every request is: none. */
const NO_PROBES: Probes = { key: false, keyModel: false, breaker: false }

export class LeaseRecord implements Lease {
  /** Its places among all that are under way, and among those of its key. */
  readonly amongAll: Link<LeaseRecord> = new Link(this)
  readonly amongKey: Link<LeaseRecord> = new Link(this)
  /** Has the first byte come? */
  answered = false
  readonly waited: number
  readonly sent: number
  readonly expected: number
  readonly probes: Probes
  open = true
  /** As they were at the choice, where the request asked for them. */
  candidates: CandidateReport[] | undefined
  /** The same right in the scheduler that has taken over. */
  private heir: Lease | undefined
  /** The class of a refusal that signals have told, with its reset in milliseconds. */
  refusal: Signal | undefined
  private readonly host: LeaseHost
  readonly pool: Pool
  readonly lane: Lane
  readonly slot: number
  readonly item: Waiting
  readonly demand: Demand
  readonly holds: readonly Hold[]

  /** @param before the same lease in the scheduler that this one takes over from */
  constructor(
    host: LeaseHost,
    pool: Pool,
    item: Waiting,
    { lane, slot }: Choice,
    holds: readonly Hold[],
    demand: Demand,
    now: number,
    before?: LeaseRecord,
  ) {
    this.host = host
    this.pool = pool
    this.item = item
    this.lane = lane
    this.slot = slot
    this.demand = demand
    this.sent = before?.sent ?? now
    this.waited = before?.waited ?? now - item.arrived
    this.expected = lane.expected(demand)
    this.holds = holds
    this.probes = probesOf(lane.key(slot), lane.model.keyModels.get(slot), before?.probes)
  }

  get provider(): string {
    return this.lane.provider.spec.name
  }

  get model(): string {
    return this.lane.model.name
  }

  get key(): string {
    return this.keyState.spec.name
  }

  get id(): string {
    return this.lane.id(this.slot)
  }

  get keyState(): Key {
    return this.lane.key(this.slot)
  }

  /** Milliseconds since it was sent. */
  age(now: number): number {
    return now - this.sent
  }

  explain(): CandidateReport[] {
    return this.candidates ?? this.host.explain(this)
  }

  /** From now on whatever is told of it is told to its heir; to nobody, where the key is gone. */
  bequeath(heir: Lease | undefined): void {
    this.open = false
    this.heir = heir
  }

  started(elapsed: number): void {
    if (this.open) this.host.started(this, elapsed)
    else this.heir?.started(elapsed)
  }

  observe(signals: readonly Signal[]): void {
    if (this.open && signals.length > 0) this.host.observe(this, signals)
    else this.heir?.observe(signals)
  }

  settle(used: Settlement): void {
    if (!this.open) return this.heir?.settle(used)
    const now = this.host.now()
    settleHolds(this.holds, used, this.demand, now)
    this.end(now)
    try {
      this.host.succeeded(this, used, now)
    } finally {
      this.host.ended(this, now)
    }
  }

  fail(failure: Failure): void {
    if (!this.open) return this.heir?.fail(failure)
    const now = this.host.now()
    if (failure.used) settleHolds(this.holds, failure.used, this.demand, now)
    else if (!failure.started && refused(failure)) {
      refundHolds(this.holds, this.lane.provider.spec.failures_count ?? false, now)
    }
    this.end(now)
    try {
      this.host.failed(this, failure, now)
    } finally {
      this.host.ended(this, now)
    }
  }

  private end(now: number): void {
    this.open = false
    freeConcurrency(this.holds, now)
  }
}

/** Did the provider turn it away, or never see it? A timeout or a client that left says no such thing. */
function refused({ kind }: Failure): boolean {
  return kind !== 'timeout' && kind !== 'cancelled' && kind !== 'broken_stream' && kind !== 'empty_answer'
}

/** @param before in the scheduler that this one takes over from */
function probesOf(key: Key, keyModel: KeyModel | undefined, before: Probes | undefined): Probes {
  if (!key.retirement && !keyModel?.retirement && !keyModel?.breaker) return NO_PROBES
  // Who was not sent to try a key proves nothing about it; breakers begin anew.
  if (before) {
    return {
      key: before.key && probe(key.retirement),
      keyModel: before.keyModel && probe(keyModel?.retirement),
      breaker: false,
    }
  }
  return {
    key: probe(key.retirement),
    keyModel: probe(keyModel?.retirement),
    breaker: keyModel?.breaker ? beginProbe(keyModel.breaker) : false,
  }
}

function probe(retirement: { probing: boolean } | undefined): boolean {
  if (!retirement) return false
  retirement.probing = true
  return true
}
