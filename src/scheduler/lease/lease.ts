/** The right to send one request with one key, and the record of what it holds until it ends. */
import { credible, freeConcurrency, holdConcurrency, refundHolds, settleHolds, withdrawHolds } from './accounting.ts'
import type { Hold } from './accounting.ts'
import { ListNode } from '../structures/linked-list.ts'
import type { CandidateReport, Failure, Lease, Settlement, LimitSignal } from '../types.ts'
import { beginProbe } from '../health/breaker.ts'
import type { Choice, KeyGroup } from '../topology/key-group.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { Pool } from '../topology/pool.ts'
import type { Key, KeyModel } from '../topology/provider.ts'
import type { Waiting } from '../queue/waiting.ts'

/** What a lease tells the scheduler. */
export interface LeaseObserver {
  now(): number
  observe(lease: LeaseRecord, signals: readonly LimitSignal[]): void
  started(lease: LeaseRecord, elapsed: number): void
  succeeded(lease: LeaseRecord, used: Settlement, now: number): void
  failed(lease: LeaseRecord, failure: Failure, now: number): void
  /** After every end: room may have come free. */
  ended(lease: LeaseRecord, now: number): void
  /** It has not been sent, and never will be. */
  withdrawn(lease: LeaseRecord): void
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
  readonly amongAll: ListNode<LeaseRecord> = new ListNode(this)
  readonly amongKey: ListNode<LeaseRecord> = new ListNode(this)
  /** Has the first byte come? */
  answered = false
  /** Has a good answer begun? */
  accepted = false
  readonly waited: number
  asks: boolean
  /** Since then it is judged by its age when it is to be given up: sent, or found alive. */
  kept: number
  /** When more of its answer came last. */
  heard: number
  readonly sent: number
  readonly expected: number
  readonly probes: Probes
  open = true
  /** It was given up, and nobody has ended it since. */
  isLost = false
  /** As they were at the choice, where the request asked for them. */
  candidates: CandidateReport[] | undefined
  /** The same right in the scheduler that has taken over. */
  private heir: LeaseRecord | undefined
  /** Hears of its end, here or in an heir, when all charges are known. */
  onEnd: ((lease: LeaseRecord) => void) | undefined
  /** What it used, when it was answered to the end. */
  used: Settlement | undefined
  /** The class of a refusal that signals have told, with its reset in milliseconds. */
  refusal: LimitSignal | undefined
  /** How it failed. */
  failed: Failure['kind'] | undefined
  private readonly registry: LeaseObserver
  readonly pool: Pool
  readonly keyGroup: KeyGroup
  readonly slot: number
  readonly item: Waiting
  readonly demand: Demand
  readonly holds: readonly Hold[]

  /** @param before the same lease in the scheduler that this one takes over from */
  constructor(
    registry: LeaseObserver,
    pool: Pool,
    item: Waiting,
    { keyGroup, slot }: Choice,
    holds: readonly Hold[],
    demand: Demand,
    now: number,
    before?: LeaseRecord,
  ) {
    this.registry = registry
    this.pool = pool
    this.item = item
    this.keyGroup = keyGroup
    this.slot = slot
    this.demand = demand
    this.sent = before?.sent ?? now
    this.kept = now
    this.heard = this.sent
    this.asks = before?.asks ?? false
    this.waited = before?.waited ?? now - item.arrived
    this.expected = keyGroup.expected(demand)
    this.holds = holds
    this.onEnd = before?.onEnd
    this.probes = probesOf(keyGroup.key(slot), keyGroup.model.keyModels.get(slot), before?.probes)
  }

  get provider(): string {
    return this.keyGroup.provider.spec.name
  }

  get model(): string {
    return this.keyGroup.model.name
  }

  get key(): string {
    return this.keyState.spec.name
  }

  get id(): string {
    return this.keyGroup.id(this.slot)
  }

  get keyState(): Key {
    return this.keyGroup.key(this.slot)
  }

  /** Milliseconds since it was sent. */
  age(now: number): number {
    return now - this.sent
  }

  explain(): CandidateReport[] {
    return this.candidates ?? this.registry.explain(this)
  }

  /** The one that it lives on in, after others have taken over. */
  get current(): LeaseRecord {
    return this.heir?.current ?? this
  }

  /** From now on whatever is told of it is told to its heir; to nobody, where the key is gone. */
  handOver(heir: LeaseRecord | undefined): void {
    this.open = false
    this.heir = heir
  }

  started(elapsed: number): void {
    if (this.open) this.registry.started(this, elapsed)
    else this.heir?.started(elapsed)
  }

  observe(signals: readonly LimitSignal[]): void {
    if (this.open && signals.length > 0) this.registry.observe(this, signals)
    else this.heir?.observe(signals)
  }

  alive(): void {
    if (this.open) this.heard = this.registry.now()
    else this.heir?.alive()
  }

  settle(told: Settlement): void {
    if (!this.open) {
      this.isLost = false
      return this.heir?.settle(told)
    }
    const used = credible(told)
    this.used = used
    const now = this.registry.now()
    settleHolds(this.holds, used, this.demand, now)
    this.end(now)
    try {
      this.registry.succeeded(this, used, now)
    } finally {
      this.registry.ended(this, now)
    }
  }

  fail(failure: Failure): void {
    if (!this.open) {
      this.isLost = false
      return this.heir?.fail(failure)
    }
    this.failed = failure.kind
    const now = this.registry.now()
    if (failure.used) settleHolds(this.holds, credible(failure.used), this.demand, now)
    else if (!failure.started && refused(failure)) {
      refundHolds(this.holds, this.keyGroup.provider.spec.failures_count ?? false, now)
    }
    this.end(now)
    try {
      this.registry.failed(this, failure, now)
    } finally {
      this.registry.ended(this, now)
    }
  }

  /** Others have taken what it was given: it ends unsent, and nothing is learnt from it. */
  withdraw(): void {
    if (!this.open) return
    this.open = false
    withdrawHolds(this.holds, this.registry.now())
    this.registry.withdrawn(this)
    this.onEnd?.(this)
  }

  /** Nobody has ended it in time. Whoever held it is gone, which is no fault of the key's. */
  giveUp(): void {
    this.fail({ kind: 'cancelled', started: true })
    this.isLost = true
  }

  /** It was given up too soon: it holds its places again, whose end nobody else hears of a second time. */
  resume(now: number): void {
    this.isLost = false
    this.open = true
    this.failed = undefined
    this.kept = now
    this.heard = now
    this.onEnd = undefined
    holdConcurrency(this.holds, now)
  }

  private end(now: number): void {
    this.open = false
    freeConcurrency(this.holds, now)
    this.onEnd?.(this)
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
