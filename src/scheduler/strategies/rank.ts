/** Asks a strategy for the score of one slot. */
import { expectedLatency } from '../health/latency.ts'
import type { Lane } from '../lane.ts'
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

export function rankOf(lane: Lane, strategy: Strategy, slot: number, now: number): number {
  const key = lane.key(slot)
  view.provider = lane.provider.spec.name
  view.model = lane.model.name
  view.key = key.spec.name
  view.weight = lane.weight(slot)
  view.inFlight = key.inFlight
  view.slowness = key.slowness
  view.latency = lane.model.latency.usual * TYPICAL
  view.price = lane.route.price
  view.virtual = lane.virtual[slot] ?? 0
  let expires = Infinity
  for (const scope of [key.scope, key.account?.scope, lane.model.keyModels.get(slot)?.scope]) {
    for (const limit of scope?.limits ?? []) expires = Math.min(expires, now + limit.window.expires(now))
  }
  // As an instant, so that two keys with the same midnight tie whenever they were asked.
  view.expires = Math.round(expires)
  return strategy(view)
}
