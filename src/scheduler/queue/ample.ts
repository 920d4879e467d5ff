/** Is there so much room that leases may be given ahead of their requests? */
import { needOf, type Demand } from '../limits/request-cost.ts'
import type { Limit } from '../limits/limit.ts'
import { scopesOf } from './dispatch.ts'
import type { SchedulerState } from '../state.ts'
import type { Choice } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'
import type { Waiting } from './waiting.ts'
import { demandOf } from '../select/pick.ts'

/** Requests of this size for which a limit must have room: some workers may each have a dozen ahead. */
const MANY = 200
/** Milliseconds: in a shorter window it matters when exactly a request leaves. */
const SHORTEST = 1000

/** Does a vendor's cache say which key a request goes to? */
export function isBound({ request, tiers }: Waiting): boolean {
  return request.affinity !== undefined && request.short !== true && tiers.some(({ caches }) => caches)
}

/** No limit of any scope is near, rests, or is under suspicion, and the key is well. */
export function isAmple(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  choice: Choice,
  now: number,
): boolean {
  const { keyGroup, slot } = choice
  const demand = demandOf(schedulerState, item, keyGroup)
  const keyModel = keyGroup.model.keyModels.get(slot)
  if (keyGroup.key(slot).retirement ?? keyModel?.retirement ?? keyModel?.breaker ?? keyModel?.doubt) return false
  for (const scope of scopesOf(schedulerState, pool, item, choice, now)) {
    if (!scope) continue
    if (scope.until > now || scope.doubt) return false
    for (const limit of scope.limits) if (!hasMuch(limit, demand, now)) return false
  }
  return true
}

function hasMuch(limit: Limit, demand: Demand, now: number): boolean {
  const { spec, belief, until, doubt, window } = limit
  if (belief || doubt || until > now || (spec.period > 0 && spec.period < SHORTEST)) return false
  return window.room(now) >= MANY * needOf(spec, demand)
}
