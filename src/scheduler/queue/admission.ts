/** Who may wait, and the refusal of those who may not: at once, with a true time to come back, and why, key by key. */
import { GatewayError } from '../../chat/error.ts'
import { leave } from './dispatch.ts'
import { explainPool, TOO_LARGE } from '../explain.ts'
import { UNTIL_EVENT } from '../limits/window.ts'
import { eta } from '../select/pick.ts'
import type { Pool } from '../topology/pool.ts'
import { capacityOf } from './capacity.ts'
import type { Waiting } from './waiting.ts'
import type { SchedulerState } from '../state.ts'

/** In standing overload a queue holds what drains within this, in milliseconds, and at least so many requests. */
const STANDING_WAIT = 10_000
const STANDING_LEAST = 8
/** Who is sent away for want of room need not come back sooner; others were sent away as well. Milliseconds. */
const SOONEST = 1000
/** Those who are sent away come back spread over this long, in milliseconds. */
const SPREAD = 5000
/** How many candidates an error lists. */
const LISTED = 50

/** Decides over a request that has just joined the queue and found no key. May turn it, or a greedier one, away. */
export function admit(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  const patience = item.deadline - now
  const own = eta(schedulerState, pool, item, now)
  // What only an event can end may end soon; everything else is known to the millisecond.
  if (own.wait > patience && own.wait !== UNTIL_EVENT) return turnAway(schedulerState, pool, item, own.wait, now)
  const head = oldest(pool)
  pool.drainRate.note(head === undefined ? 0 : now - head, now)
  const rate = pool.drainRate.rate(now)
  const demand = pool.typical ?? item.demand
  const supply = (horizon: number) => (demand ? capacityOf(pool, demand, horizon, now) : Infinity)
  if (schedulerState.queued > schedulerState.settings.max_queue)
    return overflow(schedulerState, pool, item, STANDING_WAIT, now)
  const usual = schedulerState.settings.max_wait
  // Who asks to wait longer than is usual means it, and is not sent away because the overload stands.
  const standing =
    patience <= usual && pool.drainRate.standing(now) ? Math.max(STANDING_LEAST, rate * STANDING_WAIT) : Infinity
  const horizon = Math.max(usual, patience)
  const most = Math.min(standing, Math.max(1, supply(horizon)))
  if (pool.queue.size > most) {
    return overflow(schedulerState, pool, item, (pool.queue.size - most) / Math.max(rate, most / horizon), now)
  }
  if (patience >= usual) return
  // Less patient than the queue is made for: its own place in it counts.
  const ahead = pool.queue.ahead(item.client)
  const enough = Math.max(1, supply(patience))
  if (ahead > enough)
    turnAway(schedulerState, pool, item, Math.max((ahead - enough) / Math.max(rate, enough / patience), own.wait), now)
}

/** The longest queue pays, by its last request. */
function overflow(schedulerState: SchedulerState, pool: Pool, item: Waiting, excess: number, now: number): void {
  const wait = Math.max(SOONEST, excess) + SPREAD * schedulerState.random()
  const longest = pool.queue.longest()
  const mine = pool.queue.lineSize(item.client)
  const last = longest?.items.findLast(({ gone }) => !gone)
  const victim = last && longest && longest.client !== item.client && longest.size > mine ? last : item
  turnAway(schedulerState, pool, victim, wait, now)
}

function turnAway(schedulerState: SchedulerState, pool: Pool, item: Waiting, wait: number, now: number): void {
  leave(schedulerState, pool, item)
  item.reject(refusal(schedulerState, pool, item, wait, now))
}

/** The error of a request that waited in vain, though it seemed that it would not, or that would not wait at all. */
export function expired(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  const { wait } = eta(schedulerState, pool, item, now)
  // The time is exact where nobody else waits for the same key.
  const least = pool.queue.size > 0 ? SOONEST : 0
  item.reject(refusal(schedulerState, pool, item, wait === UNTIL_EVENT ? SOONEST : Math.max(least, wait), now))
}

function refusal(schedulerState: SchedulerState, pool: Pool, item: Waiting, wait: number, now: number): GatewayError {
  const keys = explainPool(schedulerState, pool, item, now, LISTED)
  const waited = Math.round(now - item.arrived)
  const extra = { keys, waited, queued: pool.queue.size }
  if (wait < Infinity) {
    const seconds = Math.ceil(wait / 100) / 10
    const message = `All keys for ${item.request.model} are busy or cooling down; try again in ${seconds} s.`
    return new GatewayError('queue_full', message, { retryAfter: Math.ceil(wait), extra })
  }
  if (keys.some(({ reason }) => reason === TOO_LARGE)) {
    const message = `The request is larger than any key for ${item.request.model} may take at once; shorten it or lower max_tokens.`
    return new GatewayError('too_large', message, { extra })
  }
  return new GatewayError('queue_full', `No key for ${item.request.model} is in service.`, {
    status: 503,
    code: 'no_key',
    extra,
  })
}

function oldest(pool: Pool): number | undefined {
  let first: number | undefined
  for (const line of pool.queue.activeLines()) {
    const head = line.items.find(({ gone }) => !gone)
    if (head && (first === undefined || head.arrived < first)) first = head.arrived
  }
  return first
}
