/** How many requests a pool can start within a time, when its keys do what their limits let them, resets included. */
import { retirementWait } from '../health/retirement.ts'
import { Bucket } from '../limits/bucket.ts'
import type { Demand } from '../limits/request-cost.ts'
import { costOf } from '../limits/request-cost.ts'
import type { Limit } from '../limits/limit.ts'
import { Sliding } from '../limits/sliding.ts'
import type { KeyGroup } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'
import type { Scope } from '../topology/limit-scope.ts'

/** A count over all keys is kept this long, in milliseconds; what was served meanwhile is taken off it. */
const FRESH = 1000
/** Beyond this many keys a sample is counted and scaled up. */
const SAMPLE = 256
/** Milliseconds at which the supply is counted: finely within what clients wait, coarsely up to the day after tomorrow. */
const GRID = Float64Array.from([
  ...steps(0, 120, 1),
  ...steps(120, 600, 5),
  ...steps(600, 7200, 60),
  ...steps(7200, 172_800, 900),
])

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step }, (_, index) => (from + index * step) * 1000)
}

/** From `at` on: requests by the place in the grid, NaN where nobody has asked. */
interface Curve {
  at: number
  served: number
  readonly counts: Float64Array
}

const curves = new WeakMap<Pool, Curve>()

function curveOf(pool: Pool, now: number): Curve {
  let curve = curves.get(pool)
  if (!curve) curves.set(pool, (curve = { at: -Infinity, served: 0, counts: new Float64Array(GRID.length) }))
  if (now - curve.at < FRESH) return curve
  curve.at = now
  curve.served = pool.served
  curve.counts.fill(Number.NaN)
  return curve
}

/** Requests of a size within `horizon` milliseconds; Infinity where no limit says. */
export function capacityOf(pool: Pool, demand: Demand, horizon: number, now: number): number {
  const curve = curveOf(pool, now)
  const place = placeOf(horizon + now - curve.at)
  return Math.max(0, count(curve, pool, demand, place, now) - (pool.served - curve.served))
}

/** Milliseconds until so many requests of a size can have been started, those before them included; Infinity for never. */
export function momentOf(pool: Pool, demand: Demand, requests: number, now: number): number {
  const curve = curveOf(pool, now)
  const needed = requests + pool.served - curve.served
  return Math.max(0, reach((place) => count(curve, pool, demand, place, now), needed) - (now - curve.at))
}

/** The same of the limits that a client has of its own. */
export function clientMoment(
  scopes: readonly Scope[],
  demand: Demand,
  duration: number,
  requests: number,
  now: number,
): number {
  return reach((place) => supplyOfScopes(scopes, demand, duration, GRID[place] ?? 0, now), requests)
}

/** Where in the grid, in milliseconds, a count that never falls comes to so many. */
function reach(countAt: (place: number) => number, needed: number): number {
  let low = 0
  let high = GRID.length - 1
  if (countAt(high) < needed) return Infinity
  if (countAt(0) >= needed) return 0
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (countAt(middle) < needed) low = middle
    else high = middle
  }
  const before = countAt(low)
  const step = countAt(high) - before
  // Inside one step of the grid they are spread, so that a reset does not meet all of them in one instant.
  const share = step === Infinity ? 0 : (needed - before) / step
  const [from = 0, to = 0] = [GRID[low], GRID[high]]
  return from + share * (to - from)
}

/** The last place of the grid that is no later. */
function placeOf(horizon: number): number {
  let low = 0
  let high = GRID.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((GRID[middle] ?? 0) <= horizon) low = middle
    else high = middle
  }
  return low
}

/** From the curve's own moment on. What was served since then has left the limits, and stands in the count. */
function count({ at, served, counts }: Curve, pool: Pool, demand: Demand, place: number, now: number): number {
  const known = counts[place] ?? Number.NaN
  if (!Number.isNaN(known)) return known
  const horizon = Math.max(0, (GRID[place] ?? 0) - (now - at))
  const seen = new Set<Scope>()
  let supply = 0
  for (const keyGroup of pool.keyGroups) {
    const keys = keyGroupCapacity(pool, keyGroup, demand, horizon, now, seen)
    supply += Math.min(keys, supplyOfScopes([keyGroup.provider.scope], demand, pool.duration, horizon, now))
  }
  supply = Math.min(supply, supplyOfScopes([pool.scope], demand, pool.duration, horizon, now))
  return (counts[place] = supply + pool.served - served)
}

function keyGroupCapacity(
  pool: Pool,
  keyGroup: KeyGroup,
  demand: Demand,
  horizon: number,
  now: number,
  seen: Set<Scope>,
): number {
  const { keys } = keyGroup.provider
  const step = Math.max(1, Math.floor(keys.length / SAMPLE))
  let supply = 0
  for (let slot = 0; slot < keys.length; slot += step) {
    const key = keyGroup.key(slot)
    // Keys that share an account share its supply; so do two key groups to the same keys.
    const shared = key.account?.scope ?? key.scope
    if (seen.has(shared)) continue
    seen.add(shared)
    if (key.disabled || key.restsUntil - now >= horizon) continue
    if (key.retirement && retirementWait(key.retirement, now) >= horizon) continue
    const model = keyGroup.model.keyModels.get(slot)?.scope
    const own = model ? [key.scope, model] : [key.scope]
    let here = supplyOfScopes(own, demand, pool.duration, horizon, now)
    if (key.account) {
      const ofModel = keyGroup.model.accountScopes.get(key.account)
      here = Math.min(
        sum(key.account.keys.map((each) => supplyOfScopes([each.scope], demand, pool.duration, horizon, now))),
        supplyOfScopes(
          ofModel ? [key.account.scope, ofModel] : [key.account.scope],
          demand,
          pool.duration,
          horizon,
          now,
        ),
      )
    }
    supply += here * step
  }
  return supply
}

/**
 * Requests that limits which all count allow together. Until the last of them has room for one, none is served, and what
 * the others could have given meanwhile is more than they can give later.
 */
export function supplyOfScopes(
  scopes: readonly Scope[],
  demand: Demand,
  duration: number,
  horizon: number,
  now: number,
): number {
  let first = 0
  for (const { until, limits } of scopes) {
    first = Math.max(first, until - now)
    for (const limit of limits) first = Math.max(first, blackout(limit, demand, now))
  }
  if (first >= horizon && first > 0) return 0
  let supply = Infinity
  for (const { limits } of scopes) {
    for (const limit of limits) supply = Math.min(supply, limitSupply(limit, demand, duration, first, horizon, now))
  }
  return supply
}

/** Milliseconds until a limit has room for one request. */
function blackout({ spec, window, until }: Limit, demand: Demand, now: number): number {
  const cost = costOf(spec, demand)
  if (spec.metric === 'concurrency' || cost <= 0) return 0
  const wait = window.wait(now, Math.min(cost, window.amount))
  return Math.max(until - now, Number.isFinite(wait) ? wait : 0)
}

/** Requests within `horizon` milliseconds, of which none before `first`. */
function limitSupply(
  { spec, window }: Limit,
  demand: Demand,
  duration: number,
  first: number,
  horizon: number,
  now: number,
): number {
  if (spec.metric === 'concurrency')
    return duration > 0 ? window.room(now) + (window.amount * horizon) / duration : Infinity
  const cost = costOf(spec, demand)
  if (cost <= 0) return Infinity
  let units = window.supply(now, horizon)
  if (first > 0) {
    const periods = (horizon - first) / spec.period
    if (window instanceof Bucket)
      units = Math.min(units, (window.amount * (spec.burst ?? spec.amount)) / spec.amount + window.amount * periods)
    else if (window instanceof Sliding) units = Math.min(units, window.amount * (1 + Math.floor(periods)))
  }
  return Math.max(0, units) / cost
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
