/** One public model: its key groups by tier, and the queue of those who wait for it. */
import type { PoolSpec } from '../types.ts'
import { FairQueue } from '../queue/fair-queue.ts'
import { KeyGroup } from './key-group.ts'
import type { Tier } from './key-group.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { ToWall } from '../limits/window.ts'
import type { KeyOrder, Provider } from './provider.ts'
import { modelOf } from './provider.ts'
import type { Scope } from './limit-scope.ts'
import { createScope } from './limit-scope.ts'
import type { Strategy } from '../select/strategies/strategy.ts'
import type { Waiting } from '../queue/waiting.ts'
import { createHomes } from '../select/affinity.ts'
import type { Homes } from '../select/affinity.ts'
import { createDrainRate } from '../queue/drain-rate.ts'
import type { DrainRate } from '../queue/drain-rate.ts'
import { RetryPromises } from '../queue/retry-after.ts'

export interface Pool {
  readonly spec: PoolSpec
  readonly scope: Scope
  readonly tiers: readonly Tier[]
  readonly keyGroups: readonly KeyGroup[]
  /** All key groups, as requests see them, when no route says what it cannot do; else each request looks for itself. */
  readonly open: Waiting['tiers'] | undefined
  readonly queue: FairQueue
  readonly drainRate: DrainRate
  /** When those who were sent away were told to come back. */
  promises: RetryPromises
  readonly homes: Homes
  /** Do prompt caches count? */
  readonly isAffine: boolean
  /** Heads of the queue that were looked at and must wait. */
  readonly blocked: Set<Waiting>
  /** The size of the requests that were served of late. */
  typical: Demand | undefined
  /** The key that is looked at next, whether it may be asked when its window begins. */
  asked: number
  /** The key that is looked at next, whether it stands full. */
  looked: number
  /** When the one timer fires (monotonic ms), and how to stop it. */
  timerAt: number
  stopTimer: () => void
  /** How long requests take of late, in milliseconds; 0 before the first ended. */
  duration: number
  /** Requests that got a key, ever. */
  served: number
  /** Requests under way, and when the last one came. */
  inFlight: number
  usedAt: number
}

/** @param isOwn the strategy is the user's own: it has the word, and no cache goes before it */
export function createPool(
  spec: PoolSpec,
  providers: ReadonlyMap<string, Provider>,
  strategy: Strategy | undefined,
  isOwn: boolean,
  toWall: ToWall,
  now: number,
): Pool {
  const tiers = new Map<number, Tier>()
  for (const route of spec.routes) {
    const provider = providers.get(route.provider)
    if (!provider) continue
    const tier = tiers.get(route.tier) ?? { tier: route.tier, keyGroups: [], virtual: 0 }
    tiers.set(route.tier, tier)
    const model = modelOf(provider, route.model, route.limits, 'account-model', toWall, now)
    const keyGroup = new KeyGroup(route, model, tier, strategy, toWall, now)
    tier.keyGroups.push(keyGroup)
  }
  const sorted = [...tiers.values()].sort((a, b) => a.tier - b.tier)
  const keyGroups = sorted.flatMap((tier) => tier.keyGroups)
  for (const keyGroup of keyGroups) keyGroup.provider.keyGroups.push(keyGroup)
  return {
    spec,
    scope: createScope('model', `model ${spec.model}`, spec.limits, toWall, now),
    tiers: sorted,
    keyGroups,
    open: keyGroups.some(({ route }) => route.capabilities) ? undefined : servingOf(sorted, () => true, !isOwn),
    queue: new FairQueue(),
    drainRate: createDrainRate(now),
    promises: new RetryPromises(),
    homes: createHomes(),
    isAffine: !isOwn,
    blocked: new Set(),
    typical: undefined,
    duration: 0,
    asked: 0,
    looked: 0,
    timerAt: Infinity,
    stopTimer: () => {},
    served: 0,
    inFlight: 0,
    usedAt: now,
  }
}

/** The key groups that have keys and meet a condition, by tier. */
export function servingOf(
  tiers: readonly Tier[],
  serves: (keyGroup: KeyGroup) => boolean,
  isAffine: boolean,
): Waiting['tiers'] {
  return tiers
    .map((tier) => ({ tier, keyGroups: tier.keyGroups.filter((keyGroup) => keyGroup.size > 0 && serves(keyGroup)) }))
    .filter(({ keyGroups }) => keyGroups.length > 0)
    .map(({ tier, keyGroups }) => ({
      tier,
      keyGroups,
      caches: isAffine && keyGroups.some(({ provider }) => provider.spec.cache_per_key),
    }))
}

/** Pools that are no longer needed take no more note of their keys. */
export function dropPools(pools: readonly Pool[]): void {
  for (const pool of pools) pool.stopTimer()
  const dropped = new Set<KeyOrder>(pools.flatMap(({ keyGroups }) => keyGroups))
  for (const provider of new Set(pools.flatMap(({ keyGroups }) => keyGroups.map((each) => each.provider))))
    provider.keyGroups = provider.keyGroups.filter((each) => !dropped.has(each))
}
