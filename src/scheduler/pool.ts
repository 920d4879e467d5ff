/** One public model: its lanes by tier, and the queue of those who wait for it. */
import type { PoolSpec } from './contract.ts'
import { FairQueue } from './queue/fair-queue.ts'
import { Lane } from './lane.ts'
import type { Tier } from './lane.ts'
import type { Demand } from './limits/demand.ts'
import type { ToWall } from './limits/window.ts'
import type { Provider } from './provider.ts'
import { modelOf } from './provider.ts'
import type { Scope } from './scope.ts'
import { createScope } from './scope.ts'
import type { Strategy } from './strategies/strategy.ts'
import type { Waiting } from './queue/waiting.ts'
import { createHomes } from './affinity.ts'
import type { Homes } from './affinity.ts'
import { createDrain } from './queue/drain.ts'
import type { Drain } from './queue/drain.ts'

export interface Pool {
  readonly spec: PoolSpec
  readonly scope: Scope
  readonly tiers: readonly Tier[]
  readonly lanes: readonly Lane[]
  /** All lanes, as requests see them, when no route says what it cannot do; else each request looks for itself. */
  readonly open: Waiting['tiers'] | undefined
  readonly queue: FairQueue
  readonly drain: Drain
  readonly homes: Homes
  /** Heads of the queue that were looked at and must wait. */
  readonly blocked: Set<Waiting>
  /** The size of the requests that were served of late. */
  typical: Demand | undefined
  /** When the one timer fires (monotonic ms), and how to stop it. */
  timerAt: number
  stopTimer: () => void
  /** How long requests take of late, in milliseconds; 0 before the first ended. */
  duration: number
  /** Requests under way, and when the last one came. */
  inFlight: number
  usedAt: number
}

export function createPool(
  spec: PoolSpec,
  providers: ReadonlyMap<string, Provider>,
  strategy: Strategy | undefined,
  toWall: ToWall,
  now: number,
): Pool {
  const tiers = new Map<number, Tier>()
  for (const route of spec.routes) {
    const provider = providers.get(route.provider)
    if (!provider) continue
    const tier = tiers.get(route.tier) ?? { tier: route.tier, lanes: [], virtual: 0 }
    tiers.set(route.tier, tier)
    const model = modelOf(provider, route.model, route.limits, 'account-model', toWall, now)
    const lane = new Lane(route, model, tier, strategy, toWall, now)
    tier.lanes.push(lane)
  }
  const sorted = [...tiers.values()].sort((a, b) => a.tier - b.tier)
  const lanes = sorted.flatMap((tier) => tier.lanes)
  for (const lane of lanes) lane.provider.lanes.push(lane)
  return {
    spec,
    scope: createScope('model', `model ${spec.model}`, spec.limits, toWall, now),
    tiers: sorted,
    lanes,
    open: lanes.some(({ route }) => route.capabilities) ? undefined : servingOf(sorted, () => true),
    queue: new FairQueue(),
    drain: createDrain(now),
    homes: createHomes(),
    blocked: new Set(),
    typical: undefined,
    duration: 0,
    timerAt: Infinity,
    stopTimer: () => {},
    inFlight: 0,
    usedAt: now,
  }
}

/** The lanes that have keys and meet a condition, by tier. */
export function servingOf(tiers: readonly Tier[], serves: (lane: Lane) => boolean): Waiting['tiers'] {
  return tiers
    .map((tier) => ({ tier, lanes: tier.lanes.filter((lane) => lane.size > 0 && serves(lane)) }))
    .filter(({ lanes }) => lanes.length > 0)
    .map(({ tier, lanes }) => ({ tier, lanes, caches: lanes.some(({ provider }) => provider.spec.cache_per_key) }))
}

/** A pool that is no longer needed takes no more note of its keys. */
export function dropPool(pool: Pool): void {
  pool.stopTimer()
  for (const { provider } of pool.lanes) provider.lanes = provider.lanes.filter((lane) => !pool.lanes.includes(lane))
}
