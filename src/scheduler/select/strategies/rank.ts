/** Asks a strategy for the score of one slot. */
import { expectedLatency } from '../../health/latency.ts'
import type { Key, Provider, ProviderModel } from '../../topology/provider.ts'
import type { RouteSpec } from '../../types.ts'
import type { Strategy, StrategyView } from './strategy.ts'

/** A typical short answer, for a latency in milliseconds. */
const TYPICAL = expectedLatency(500, 100)

const view: StrategyView = {
  provider: '',
  model: '',
  key: '',
  weight: 1,
  inFlight: 0,
  slowness: 0,
  latency: 0,
  price: undefined,
  virtual: 0,
  expires: Infinity,
}

/** Keys of one route, as a strategy is shown them. */
interface RankedKeys {
  readonly provider: Provider
  readonly model: ProviderModel
  readonly route: RouteSpec
  readonly virtual: Float64Array
  key(slot: number): Key
  weight(slot: number): number
}

export function rankOf(keyGroup: RankedKeys, strategy: Strategy, slot: number, now: number): number {
  const key = keyGroup.key(slot)
  view.provider = keyGroup.provider.spec.name
  view.model = keyGroup.model.name
  view.key = key.spec.name
  view.weight = keyGroup.weight(slot)
  view.inFlight = key.inFlight
  view.slowness = key.slowness
  view.latency = keyGroup.model.latency.usual * TYPICAL
  view.price = keyGroup.route.price
  view.virtual = keyGroup.virtual[slot] ?? 0
  let expires = Infinity
  for (const scope of [key.scope, key.account?.scope, keyGroup.model.keyModels.get(slot)?.scope]) {
    for (const limit of scope?.limits ?? []) expires = Math.min(expires, now + limit.window.expires(now))
  }
  // As an instant, so that two keys with the same midnight tie whenever they were asked.
  view.expires = Math.round(expires)
  return strategy(view)
}
