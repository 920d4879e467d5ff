/** The keys of one route of one pool, sorted by who is next: those with room by rank, the others by when they wake. */
import type { RouteSpec } from '../types.ts'
import { breakerWait } from '../health/breaker.ts'
import { incidentWait } from '../health/incident.ts'
import { healthOf } from '../health/key-health.ts'
import { expectedLatency } from '../health/latency.ts'
import { retirementWait } from '../health/retirement.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { ToWall } from '../limits/window.ts'
import type { Key, Provider, ProviderModel } from './provider.ts'
import { accountScopeOf, isTooLarge, keyModelOf } from './provider.ts'
import { firstAsk, keptFor } from './key-scopes.ts'
import { scopeWait } from './limit-scope.ts'
import { SlotHeap } from '../structures/slot-heap.ts'
import type { Strategy } from '../select/strategies/strategy.ts'
import { nextTurn } from '../select/next-turn.ts'
import { rankOf } from '../select/strategies/rank.ts'

/** Key groups of one tier share the virtual time, so that weights hold across routes. */
export interface Tier {
  readonly tier: number
  readonly keyGroups: KeyGroup[]
  /** Start of the last turn given. */
  virtual: number
}

export interface Choice {
  keyGroup: KeyGroup
  slot: number
  /** Taken out of turn, for its cache. */
  warm: boolean
}

/** Milliseconds: two moments that are closer are one, so that of thousands that wake together one is looked at. */
const SAME = 1e-6
/** Added to each wake, in milliseconds, so that rounding cannot wake a key a moment too soon. */
const ROUNDING = 1e-3

export class KeyGroup {
  readonly route: RouteSpec
  readonly provider: Provider
  /** `provider/model`. */
  readonly name: string
  readonly model: ProviderModel
  readonly tier: Tier
  /** Slots that a request at the head of the queue waits for, and that smaller ones must leave alone. */
  readonly booked = new Set<number>()
  readonly virtual: Float64Array
  readonly rank: Float64Array
  private readonly wake: Float64Array
  private readonly ready: SlotHeap
  private readonly asleep: SlotHeap
  private readonly strategy: Strategy | undefined
  private readonly toWall: ToWall

  /** `strategy` is absent for the default, whose rank is the virtual time itself. */
  constructor(
    route: RouteSpec,
    model: ProviderModel,
    tier: Tier,
    strategy: Strategy | undefined,
    toWall: ToWall,
    now: number,
  ) {
    this.route = route
    this.model = model
    this.provider = model.provider
    this.name = `${model.provider.spec.name}/${model.name}`
    this.tier = tier
    this.strategy = strategy
    this.toWall = toWall
    const { keys } = this.provider
    const places = new Int32Array(keys.length).fill(-1)
    const order = new Int32Array(keys.length)
    this.virtual = new Float64Array(keys.length)
    this.rank = strategy ? new Float64Array(keys.length) : this.virtual
    this.wake = new Float64Array(keys.length)
    this.ready = new SlotHeap(0, order, places, this.rank, this.virtual)
    this.asleep = new SlotHeap(1, order, places, this.wake)
    for (const key of keys) {
      if (!(this.weight(key.slot) > 0)) continue
      // Half a turn: the fairest start, where the heavy keys do not have to wait for a round of all.
      this.virtual[key.slot] = tier.virtual + 0.5 / this.weight(key.slot)
      if (strategy) this.rank[key.slot] = rankOf(this, strategy, key.slot, now)
      this.ready.push(key.slot)
    }
  }

  get size(): number {
    return this.ready.size + this.asleep.size
  }

  key(slot: number): Key {
    const key = this.provider.keys[slot]
    if (!key) throw new RangeError(`provider ${this.provider.spec.name} has no key ${slot}`)
    return key
  }

  id(slot: number): string {
    return `${this.name}#${this.key(slot).spec.name}`
  }

  weight(slot: number): number {
    return this.key(slot).weight * this.route.weight * this.provider.spec.weight
  }

  /** Milliseconds until a key admits a demand (`null`: the smallest there is), the provider's own limits aside. */
  wait(slot: number, demand: Demand | null, now: number): number {
    const key = this.key(slot)
    if (key.disabled) return Infinity
    let wait = Math.max(scopeWait(key.scope, demand, now), keptFor(this.model, key, demand, now), key.restsUntil - now)
    if (key.retirement) wait = Math.max(wait, retirementWait(key.retirement, now))
    if (key.account) {
      wait = Math.max(wait, scopeWait(key.account.scope, demand, now))
      if (this.model.keyed || this.model.accountScopes.size > 0) {
        wait = Math.max(wait, scopeWait(accountScopeOf(this.model, key.account, this.toWall, now), demand, now))
      }
    }
    const keyModel = this.model.keyed ? keyModelOf(this.model, key, this.toWall, now) : this.model.keyModels.get(slot)
    if (!keyModel) return wait
    if (demand && isTooLarge(keyModel, demand, now)) return Infinity
    if (keyModel.breaker) wait = Math.max(wait, breakerWait(keyModel.breaker, now))
    if (keyModel.retirement) wait = Math.max(wait, retirementWait(keyModel.retirement, now))
    return Math.max(wait, scopeWait(keyModel.scope, demand, now))
  }

  /** Of all keys together. */
  providerWait(demand: Demand | null, now: number): number {
    const trouble = Math.max(incidentWait(this.provider.incident, now), incidentWait(this.model.incident, now))
    return Math.max(trouble, scopeWait(this.provider.scope, demand, now))
  }

  /** Is it neither booked for another request nor excluded by this one? */
  usable(slot: number, exclude: ReadonlySet<string> | undefined): boolean {
    if (this.booked.has(slot)) return false
    if (!exclude || exclude.size === 0) return true
    return !exclude.has(this.name) && !exclude.has(this.id(slot))
  }

  /** The best slot that admits a demand now, or −1. */
  best(demand: Demand, exclude: ReadonlySet<string> | undefined, now: number): number {
    this.rouse(now)
    for (;;) {
      const slot = this.ready.first()
      if (slot < 0) return -1
      if (this.usable(slot, exclude) && this.wait(slot, demand, now) === 0) return slot
      const unit = this.wait(slot, null, now)
      if (unit === 0) break
      this.sleep(slot, now + unit, now)
    }
    // The first has room, but not for this one.
    let best = -1
    for (let index = 1; index < this.ready.size; index++) {
      const slot = this.ready.at(index)
      if (best >= 0 && !this.isBefore(slot, best)) continue
      if (this.usable(slot, exclude) && this.wait(slot, demand, now) === 0) best = slot
    }
    return best
  }

  /** Of equal ranks the one whose turn it is. */
  private isBefore(slot: number, other: number): boolean {
    const [rank = 0, than = 0] = [this.rank[slot], this.rank[other]]
    return rank < than || (rank === than && (this.virtual[slot] ?? 0) < (this.virtual[other] ?? 0))
  }

  /** May this very slot take a demand now? For requests that would rather have it than another. */
  admits(slot: number, demand: Demand, exclude: ReadonlySet<string> | undefined, now: number): boolean {
    return this.usable(slot, exclude) && this.wait(slot, demand, now) === 0
  }

  /** Milliseconds until the first slot admits a demand, and which; what is asleep is looked at in order of waking. */
  eta(demand: Demand, exclude: ReadonlySet<string> | undefined, now: number): { wait: number; slot: number } {
    this.rouse(now)
    let wait = Infinity
    let found = -1
    const look = (slot: number): number => {
      const here = this.usable(slot, exclude) ? this.wait(slot, demand, now) : Infinity
      if (here < wait) {
        wait = here
        found = slot
      }
      return here
    }
    for (let index = 0; index < this.ready.size; index++) look(this.ready.at(index))
    const open = this.asleep.size > 0 ? [0] : []
    const early: number[] = []
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const slot = this.asleep.at(index)
      // A heap's children wake no earlier than their parent, and a demand never fits before its key wakes.
      if ((this.wake[slot] ?? 0) - now - ROUNDING >= wait - SAME) continue
      const here = look(slot)
      if (now + here < (this.wake[slot] ?? 0) - 2 * ROUNDING) early.push(slot)
      for (const child of [2 * index + 2, 2 * index + 1]) if (child < this.asleep.size) open.push(child)
    }
    // A cool-down that was taken back: these may wake sooner than was thought.
    for (const slot of early) this.refresh(slot, now)
    return { wait: Math.max(wait, this.providerWait(demand, now)), slot: found }
  }

  /** The first `count` slots: those with room by rank, then the others by when they wake. */
  foremost(count: number): number[] {
    const ready = this.ready.foremost(count)
    return [...ready, ...this.asleep.foremost(count - ready.length)]
  }

  /** The lowest rank among the slots with room; NaN when none has. */
  lead(now: number): number {
    this.rouse(now)
    const slot = this.ready.first()
    return slot < 0 ? Number.NaN : (this.rank[slot] ?? 0)
  }

  /** The turn of the first slot with room: the lowest turn of all where the turn is the rank. */
  front(): number {
    const slot = this.ready.first()
    return slot < 0 ? Infinity : (this.virtual[slot] ?? 0)
  }

  /** A slot got a request: moves its turn on, and the tier's time unless it was taken out of turn. */
  charge(slot: number, warm: boolean, now: number): void {
    const { tier } = this
    const weight = this.weight(slot)
    const turn = this.virtual[slot] ?? 0
    tier.virtual = Math.max(tier.virtual, warm ? Math.min(turn, this.front()) : turn)
    this.virtual[slot] = nextTurn(turn, tier.virtual, weight, healthOf(this.key(slot), this.model.latency, now), warm)
    if (this.strategy) this.rank[slot] = rankOf(this, this.strategy, slot, now)
    const unit = this.wait(slot, null, now)
    const isReady = this.ready.has(slot)
    if (unit > 0) this.sleep(slot, now + unit, now)
    else if (isReady) this.ready.fix(slot)
    else this.refresh(slot, now)
  }

  /** Something about a slot changed for the better, or its rank did. */
  refresh(slot: number, now: number): void {
    if (this.strategy && !this.asleep.has(slot)) {
      this.rank[slot] = rankOf(this, this.strategy, slot, now)
      if (this.ready.has(slot)) this.ready.fix(slot)
    }
    if (!this.asleep.has(slot)) return
    const unit = this.wait(slot, null, now)
    if (unit > 0) this.sleep(slot, now + unit, now)
    else this.rise(slot, now)
  }

  /** A key that had been slow is usual again: it need not sit out the turns that it was denied. */
  forgive(slot: number): void {
    const limit = this.tier.virtual + 1 / this.weight(slot)
    if ((this.virtual[slot] ?? 0) <= limit) return
    this.virtual[slot] = limit
    if (this.ready.has(slot)) this.ready.fix(slot)
  }

  /** What is left of its turn shrinks or grows with it. */
  reweigh(slot: number, before: number, now: number): void {
    const { tier } = this
    const weight = this.weight(slot)
    const isNew = !this.ready.has(slot) && !this.asleep.has(slot)
    const left =
      isNew || !(before > 0)
        ? 0.5 / weight
        : ((this.virtual[slot] ?? 0) - tier.virtual) * (before / this.key(slot).weight)
    this.virtual[slot] = tier.virtual + left
    if (this.strategy) this.rank[slot] = rankOf(this, this.strategy, slot, now)
    if (isNew) this.ready.push(slot)
    else if (this.ready.has(slot)) this.ready.fix(slot)
  }

  /** The wall clock jumped, or everything else may have changed. */
  rouseAll(now: number): void {
    while (this.asleep.size > 0) this.rise(this.asleep.first(), now)
  }

  private rouse(now: number): void {
    for (let slot = this.asleep.first(); slot >= 0; slot = this.asleep.first()) {
      if ((this.wake[slot] ?? 0) > now + ROUNDING) return
      this.rise(slot, now)
    }
  }

  private rise(slot: number, now: number): void {
    this.asleep.remove(slot)
    if (this.strategy) this.rank[slot] = rankOf(this, this.strategy, slot, now)
    this.ready.push(slot)
  }

  private sleep(slot: number, until: number, now: number): void {
    if (this.ready.has(slot)) this.ready.remove(slot)
    this.wake[slot] = Math.min(until, firstAsk(this.model, this.key(slot), until, now)) + ROUNDING
    if (this.asleep.has(slot)) this.asleep.fix(slot)
    else this.asleep.push(slot)
  }

  /** How large a request's share of time is thought to be, for judging the age of what is out. */
  expected(demand: Demand): number {
    return expectedLatency(demand.input, Math.min(demand.reserve, 2 * demand.output))
  }
}
