/** The right to send one request with one key, and the record of what it holds until it ends. */
import { freeConcurrency, refundHolds, reserve, settleHolds, takeOver } from './accounting.ts'
import type { Hold } from './accounting.ts'
import type { CandidateReport, Failure, Lease, Settlement, Signal } from './contract.ts'
import { beginProbe } from './health/breaker.ts'
import type { Choice, Lane } from './lane.ts'
import type { Demand } from './limits/demand.ts'
import type { Pool } from './pool.ts'
import type { Key } from './provider.ts'
import type { Waiting } from './queue/waiting.ts'
import type { Scope } from './scope.ts'

/** What a lease tells the scheduler. */
export interface LeaseHost {
  now(): number
  opened(): void
  observe(lease: LeaseRecord, signals: readonly Signal[]): void
  started(lease: LeaseRecord, elapsed: number): void
  succeeded(lease: LeaseRecord, used: Settlement): void
  failed(lease: LeaseRecord, failure: Failure): void
  /** After every end: room may have come free. */
  ended(lease: LeaseRecord): void
  explain(lease: LeaseRecord): CandidateReport[]
}

/** The probes that a request may be: of a dead key, of a dead pair of key and model, of an open breaker. */
export interface Probes {
  key: boolean
  keyModel: boolean
  breaker: boolean
}

export class LeaseRecord implements Lease {
  readonly waited: number
  readonly holds: Hold[]
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

  /** Reserves; see `reserve`. @param before the same lease in the scheduler that this one takes over from */
  constructor(
    host: LeaseHost,
    pool: Pool,
    item: Waiting,
    { lane, slot }: Choice,
    scopes: readonly Scope[],
    demand: Demand,
    before?: LeaseRecord,
  ) {
    const now = host.now()
    this.host = host
    this.pool = pool
    this.item = item
    this.lane = lane
    this.slot = slot
    this.demand = demand
    this.sent = before?.sent ?? now
    this.waited = before?.waited ?? now - item.arrived
    this.expected = lane.expected(demand)
    this.holds = before ? takeOver(scopes, before.holds, demand, now) : reserve(scopes, demand, now)
    const keyModel = lane.model.keyModels.get(slot)
    const { retirement } = lane.key(slot)
    this.probes = before
      ? // who was not sent to try a key proves nothing about it; breakers begin anew
        {
          key: before.probes.key && probe(retirement),
          keyModel: before.probes.keyModel && probe(keyModel?.retirement),
          breaker: false,
        }
      : {
          key: probe(retirement),
          keyModel: probe(keyModel?.retirement),
          breaker: keyModel?.breaker ? beginProbe(keyModel.breaker) : false,
        }
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
    settleHolds(this.holds, used, this.demand, this.host.now())
    this.end(() => this.host.succeeded(this, used))
  }

  fail(failure: Failure): void {
    if (!this.open) return this.heir?.fail(failure)
    const now = this.host.now()
    if (failure.used) settleHolds(this.holds, failure.used, this.demand, now)
    else if (!failure.started && refused(failure)) {
      refundHolds(this.holds, this.lane.provider.spec.failures_count ?? false, now)
    }
    this.end(() => this.host.failed(this, failure))
  }

  private end(report: () => void): void {
    this.open = false
    freeConcurrency(this.holds, this.host.now())
    try {
      report()
    } finally {
      this.host.ended(this)
    }
  }
}

/** Did the provider turn it away, or never see it? A timeout or a client that left says no such thing. */
function refused({ kind }: Failure): boolean {
  return kind !== 'timeout' && kind !== 'cancelled' && kind !== 'broken_stream' && kind !== 'empty_answer'
}

function probe(retirement: { probing: boolean } | undefined): boolean {
  if (!retirement) return false
  retirement.probing = true
  return true
}
