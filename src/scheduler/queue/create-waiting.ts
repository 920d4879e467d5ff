/** A request as it waits, or would: which key groups can serve it, and until when. */
import { GatewayError } from '../../chat/error.ts'
import { leastOf } from '../lease/estimator.ts'
import { loyalUntil } from '../select/affinity.ts'
import type { SchedulerState } from '../state.ts'
import { lack, unsupported } from '../topology/capability.ts'
import { servingOf, type Pool } from '../topology/pool.ts'
import type { AcquireRequest } from '../types.ts'
import type { Waiting } from './waiting.ts'

/** Throws a GatewayError for what no route can serve at all. */
export function createWaiting(
  schedulerState: SchedulerState,
  pool: Pool,
  request: AcquireRequest,
  now: number,
): Waiting {
  if (!(request.input >= 0) || (request.maxOutput !== null && !(request.maxOutput >= 0)))
    throw new GatewayError('invalid_request', 'The most tokens of an answer must be a number that is not negative.')
  const tiers = pool.open ?? able(pool, request)
  if (tiers.length === 0) throw unsupported(request, pool.spec.routes)
  const arrived = now - (request.waited ?? 0)
  const deadline = arrived + (request.maxWait ?? schedulerState.settings.max_wait)
  return {
    request,
    origin: request.id ?? request,
    client: schedulerState.clients.get(request.client),
    tiers,
    keyGroup: undefined,
    demand: undefined,
    demands: undefined,
    arrived,
    since: arrived,
    awaited: false,
    caution: 1,
    deadline,
    fallbackAt:
      schedulerState.settings.fallback_after > 0 && tiers.length > 1
        ? arrived + schedulerState.settings.fallback_after
        : 0,
    loyalUntil: loyalUntil(request, arrived, deadline),
    held: false,
    notBefore: 0,
    booking: undefined,
    gone: false,
    place: -1,
    resolve: nothing,
    reject: nothing,
    unhook: nothing,
  }
}

/** The key groups that can serve a request at all; where its size alone speaks against all of them, those it may yet fit. */
function able(pool: Pool, request: AcquireRequest): Waiting['tiers'] {
  const tiers = servingOf(pool.tiers, ({ route }) => lack(route, request) === undefined, pool.isAffine)
  if (tiers.length > 0) return tiers
  return servingOf(pool.tiers, ({ route }) => lack(route, request, leastOf) === undefined, pool.isAffine)
}

function nothing(): void {}
