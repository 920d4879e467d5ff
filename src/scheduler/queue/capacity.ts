/** How many requests a pool can start within a time, when its keys do what their limits let them. */
import { retirementWait } from '../health/retirement.ts'
import type { Demand } from '../limits/demand.ts'
import { costOf } from '../limits/demand.ts'
import type { KeyGroup } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'
import type { Scope } from '../topology/scope.ts'

/** A count over all keys is kept this long, in milliseconds, while nothing but time changes it much. */
const FRESH = 250
/** Beyond this many keys a sample is counted and scaled up. */
const SAMPLE = 256

interface Count {
  at: number
  horizon: number
  supply: number
}

const counts = new WeakMap<Pool, Count>()

/** Requests of a size within `horizon` milliseconds; Infinity where no limit says. */
export function capacityOf(pool: Pool, demand: Demand, horizon: number, now: number): number {
  const known = counts.get(pool)
  if (known && now - known.at < FRESH && known.horizon === horizon) return known.supply
  const seen = new Set<Scope>()
  let supply = 0
  for (const keyGroup of pool.keyGroups) {
    const keys = keyGroupCapacity(pool, keyGroup, demand, horizon, now, seen)
    supply += Math.min(keys, scopeCapacity(keyGroup.provider.scope, demand, pool.duration, horizon, now))
  }
  supply = Math.min(supply, scopeCapacity(pool.scope, demand, pool.duration, horizon, now))
  counts.set(pool, { at: now, horizon, supply })
  return supply
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
    if (key.disabled || (key.retirement && retirementWait(key.retirement, now) >= horizon)) continue
    let own = scopeCapacity(key.scope, demand, pool.duration, horizon, now)
    if (key.account) {
      own = Math.min(
        sum(key.account.keys.map((each) => scopeCapacity(each.scope, demand, pool.duration, horizon, now))),
        scopeCapacity(key.account.scope, demand, pool.duration, horizon, now),
      )
      const scope = keyGroup.model.accountScopes.get(key.account)
      if (scope) own = Math.min(own, scopeCapacity(scope, demand, pool.duration, horizon, now))
    }
    const model = keyGroup.model.keyModels.get(slot)
    if (model) own = Math.min(own, scopeCapacity(model.scope, demand, pool.duration, horizon, now))
    supply += own * step
  }
  return supply
}

function scopeCapacity(scope: Scope, demand: Demand, duration: number, horizon: number, now: number): number {
  const blind = scope.until > now ? scope.until - now : 0
  if (blind >= horizon) return 0
  let supply = Infinity
  for (const limit of scope.limits) {
    const cost = costOf(limit.spec, demand)
    if (limit.spec.metric === 'concurrency') {
      if (duration > 0) supply = Math.min(supply, limit.window.room(now) + (limit.window.amount * horizon) / duration)
      continue
    }
    if (cost <= 0 || (limit.until > now && limit.until - now >= horizon)) {
      if (cost > 0) return 0
      continue
    }
    supply = Math.min(supply, Math.max(0, limit.window.supply(now, horizon)) / cost)
  }
  return supply
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
