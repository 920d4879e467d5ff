/** Who may wait, and the refusal of those who may not: at once, with a true time to come back, and why, key by key. */
import { GatewayError } from '../../chat/error.ts'
import { leave } from './dispatch.ts'
import { reportCandidates, TOO_LARGE } from '../candidate-report.ts'
import { UNTIL_EVENT } from '../limits/window.ts'
import { waitOf } from '../limits/limit.ts'
import { scopeReason, scopeWait } from '../topology/limit-scope.ts'
import { demandOf, eta, possible } from '../select/pick.ts'
import type { Pool } from '../topology/pool.ts'
import { clientMoment, momentOf, capacityOf } from './capacity.ts'
import { deadKeys } from './dead-keys.ts'
import { isLarge, keepRoom } from './keep-room.ts'
import type { Waiting } from './waiting.ts'
import type { SchedulerState } from '../state.ts'

/** In standing overload a queue holds what drains within this, in milliseconds, and at least so many requests. */
const STANDING_WAIT = 10_000
const STANDING_LEAST = 8
/**
 * And of what the keys will give, so much is promised: room for all who were sent away would be none for those who come,
 * and they would all have to come twice.
 */
const STANDING_PROMISED = 0.4
/** Who is sent away for want of room need not come back sooner; others were sent away as well. Milliseconds. */
const SOONEST = 1000
/** What most client libraries obey at the most, in milliseconds. */
const OBEYED = 60_000
/** The part of its patience that one who has to come back too soon may be left to wait then. */
const WAITS_AGAIN = 0.9
/** A minute's window is told as a minute: its last moments are waited for here. */
const SAME_WINDOW = 1 / 60
/** Later moments, in milliseconds, are told and not written down: nobody is expected then. */
const FORESEEN = 900_000
/** A client may have so many times what another has before it must make room for it, whether it can or not. */
const HOG = 2
/** Milliseconds: two moments that are closer are one. */
const SAME = 100
/** A large request for which room is kept comes so many times later, so that others have some of the key until then. */
const UNHURRIED = 1.5
/** How many candidates an error lists. */
const LISTED = 50

/** Is this somebody who was sent away, and now comes back as told? Then it has its old place, and room was kept. */
export function recognise(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  if (pool.promises.size === 0) return
  const mark = markOf(item)
  const told = pool.promises.claim(mark, now)
  if (!told) return
  item.awaited = true
  item.since = Math.min(item.since, told.since)
  if (!told.kept) return
  const { keyGroup, slot } = told.kept
  const { kept } = keyGroup.key(slot)
  if (kept?.mark === mark) kept.demand = demandOf(schedulerState, item, keyGroup)
}

/** A client that asks again asks for the same. */
function markOf({ client, request: { affinity, input, maxOutput } }: Waiting): string {
  return `${client.name}|${affinity}|${input}|${maxOutput}`
}

/**
 * Decides over a request that has just joined the queue and found no key. May turn it, or a greedier one, away; `fallBack`
 * serves one in a lower tier, if that can be done at once.
 */
export function admit(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  now: number,
  fallBack: (item: Waiting) => boolean,
): void {
  const patience = item.deadline - now
  const own = possible(schedulerState, pool, item, now)
  // What only an event can end may end soon; everything else is known to the millisecond.
  if (own.wait > patience && own.wait !== UNTIL_EVENT) {
    item.booking = own.choice
    return turnAway(schedulerState, pool, item, own.wait, now, fallBack)
  }
  const head = oldest(pool)
  pool.drainRate.note(Math.max(head === undefined ? 0 : now - head, comingBack(pool, now)), now)
  if (schedulerState.queued > schedulerState.settings.max_queue)
    return overflow(schedulerState, pool, item, now, fallBack, true)
  const usual = schedulerState.settings.max_wait
  const { promises, queue } = pool
  const supply = (horizon: number): number => {
    const demand = pool.typical ?? item.demand
    return demand ? capacityOf(pool, demand, horizon, now) : Infinity
  }
  // Who asks to wait longer than is usual means it, and is not sent away because the overload stands.
  if (!item.awaited && patience <= usual && pool.drainRate.standing(now)) {
    const most = Math.max(STANDING_LEAST, pool.drainRate.rate(now) * STANDING_WAIT)
    if (queue.size + promises.within(STANDING_WAIT, now) > most)
      return overflow(schedulerState, pool, item, now, fallBack)
  }
  const horizon = Math.max(usual, patience)
  const coming = item.awaited ? 0 : promises.within(horizon, now)
  if (queue.size + coming > Math.max(1, supply(horizon))) return overflow(schedulerState, pool, item, now, fallBack)
  if (ownSupplyLacks(pool, item, patience, now)) return turnAway(schedulerState, pool, item, own.wait, now, fallBack)
  if (patience >= usual) return
  // Less patient than the queue is made for: its own place in it counts.
  if (queue.ahead(item.client) > Math.max(1, supply(patience)))
    turnAway(schedulerState, pool, item, own.wait, now, fallBack)
}

/** Those who were sent away and will be back are a queue as well: milliseconds that serving them takes, as things go. */
function comingBack({ promises, drainRate }: Pool, now: number): number {
  return promises.size === 0 ? 0 : drainRate.lasts(promises.within(STANDING_WAIT, now), now)
}

/** Does a client with limits of its own have more in the queue than these let through in time? */
function ownSupplyLacks(pool: Pool, item: Waiting, patience: number, now: number): boolean {
  const { client, demand } = item
  if (client.scopes.length === 0 || !demand) return false
  const waiting = pool.queue.lineSize(client)
  const coming = item.awaited ? 0 : pool.promises.of(client.name)
  return clientMoment(client.scopes, demand, pool.duration, waiting + coming, now) > patience
}

/** The heaviest client pays, by its last request that was not told to come now; `full`: one must. */
function overflow(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  now: number,
  fallBack: (item: Waiting) => boolean,
  full = false,
): void {
  const { queue, promises } = pool
  const load = (client: Waiting['client']): number =>
    (queue.lineSize(client) + promises.of(client.name)) / client.weight
  const mine = load(item.client)
  let victim = item.awaited ? undefined : item
  let most = item.awaited ? 0 : mine
  for (const { client, items } of queue.activeLines()) {
    const here = load(client)
    const last = here > most ? items.findLast(({ gone, awaited }) => !gone && !awaited) : undefined
    if (!last) continue
    victim = last
    most = here
  }
  if (full) return turnAway(schedulerState, pool, victim ?? item, 0, now, fallBack)
  if (!victim) return
  if (victim === item) {
    // The heaviest may have nobody here to send away: all of its requests are on their way back. They will wait.
    for (const name of promises.names()) if (load(schedulerState.clients.get(name)) > HOG * mine) return
  }
  turnAway(schedulerState, pool, victim, 0, now, fallBack)
}

function turnAway(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  wait: number,
  now: number,
  fallBack: (item: Waiting) => boolean,
): void {
  if (fallBack(item)) return
  // With a lower tier open to it, there may be no need.
  if (wait > 0 && item.deadline > now) {
    const open = eta(schedulerState, pool, item, now).wait
    if (open < wait && open <= item.deadline - now) return
  }
  leave(schedulerState, pool, item)
  item.reject(refusal(schedulerState, pool, item, wait, now))
}

/** The error of a request that waited in vain, though it seemed that it would not. */
export function expired(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  const { wait } = possible(schedulerState, pool, item, now)
  item.reject(refusal(schedulerState, pool, item, wait === UNTIL_EVENT ? SOONEST : wait, now))
}

/** After a key's death: who waits for nothing but dead keys, longer than it may, need not wait to hear so. */
export function giveUp(schedulerState: SchedulerState, pool: Pool, now: number): void {
  for (const item of pool.queue.everybody()) {
    const { wait } = possible(schedulerState, pool, item, now)
    if (wait === UNTIL_EVENT || wait <= item.deadline - now || !deadKeys(item, wait)) continue
    leave(schedulerState, pool, item)
    item.reject(refusal(schedulerState, pool, item, wait, now))
  }
}

/**
 * Milliseconds after which it is to come back: when its key is free, those who wait are served, and so are all who were
 * told before it. Writes it down, so that the room is kept.
 */
function promise(schedulerState: SchedulerState, pool: Pool, item: Waiting, least: number, now: number): number {
  if (!Number.isFinite(least)) return least
  const { promises, queue } = pool
  const demand = pool.typical ?? item.demand
  if (!demand) return Math.max(least, SOONEST)
  const size = sizeOf(pool, item)
  const before = promises.outstanding(now) + size
  // The time is exact where nobody else waits for the same key, or will.
  const alone = queue.size === 0 && promises.size === 0 && least > 0
  const mark = markOf(item)
  const known = alone ? undefined : promises.again(mark, now)
  if (known && known.at - now > least - SAME) return Math.max(least, known.at - now)
  let wait = alone ? least : Math.max(least, momentOf(pool, demand, queue.size + before, now))
  const standing = pool.drainRate.standing(now)
  if (standing) wait = Math.max(wait, momentOf(pool, demand, before / STANDING_PROMISED, now))
  if (item.client.scopes.length > 0) {
    const own = queue.lineSize(item.client) + promises.of(item.client.name) + size
    const most = item.demand ?? demand
    wait = Math.max(wait, clientMoment(item.client.scopes, most, pool.duration, own, now))
  }
  if (!alone) wait = Math.max(wait, SOONEST)
  const obeys = item.request.obeys ?? OBEYED
  // smaller ones are to be served meanwhile
  if (wait < obeys && isLarge(item, least, now)) wait = Math.min(obeys, wait * UNHURRIED)
  const patience = item.deadline - item.arrived
  // Who obeys no longer wait comes back at the end of the longest, and waits for the rest of it here.
  if (wait > obeys && wait <= obeys + Math.max(obeys * SAME_WINDOW, standing ? 0 : WAITS_AGAIN * patience)) wait = obeys
  if (wait > FORESEEN || (standing && wait > obeys)) return wait
  const { client, since } = item
  const far = wait > obeys
  const kept = far ? undefined : keepRoom(schedulerState, item, now + wait, mark, now)
  promises.add({ at: now + wait, since, client: client.name, mark, size, far, kept, again: 0, place: -1 })
  return wait
}

/** In requests of the usual size. */
function sizeOf({ typical }: Pool, { demand }: Waiting): number {
  if (!typical || !demand) return 1
  return Math.max(1, (demand.input + demand.reserve) / (typical.input + typical.reserve) / 2)
}

/** @param free milliseconds until a key is free for it, by what is known */
function refusal(schedulerState: SchedulerState, pool: Pool, item: Waiting, free: number, now: number): GatewayError {
  const keys = reportCandidates(schedulerState, pool, item, now, LISTED)
  const waited = Math.round(now - item.arrived)
  const extra = { keys, waited, queued: pool.queue.size }
  const dead = deadKeys(item, free)
  if (dead) return Object.assign(dead, { extra })
  const wait = promise(schedulerState, pool, item, free, now)
  if (wait < Infinity) {
    const own = ownRefusal(item, free, wait, now)
    if (own) return Object.assign(own, { extra })
    const seconds = Math.ceil(wait / 100) / 10
    const message = `All keys for ${item.request.model} are busy or cooling down; try again in ${seconds} s.`
    return new GatewayError('queue_full', message, { retryAfter: Math.ceil(wait), extra })
  }
  const narrow = item.client.scopes.find((scope) => scopeWait(scope, item.demand ?? null, now) === Infinity)
  if (narrow) {
    const most = narrow.limits.map(({ spec }) => `${spec.amount} ${spec.metric}`).join(', ')
    const message = `The request may need more than ${narrow.name} may have at all (${most}); shorten it or lower max_tokens.`
    return new GatewayError('too_large', message, { code: 'client_limit_exceeded', extra })
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

/** The client's own limit, where that is what it has to wait for. */
function ownRefusal({ client, demand }: Waiting, free: number, wait: number, now: number): GatewayError | undefined {
  const waits = client.scopes.map((scope) => scopeWait(scope, demand ?? null, now))
  const worst = client.scopes[waits.indexOf(Math.max(...waits))]
  if (!worst || Math.max(...waits) === 0 || Math.max(...waits) < free) return undefined
  const reason = scopeReason(worst, demand ?? null, now)
  const isMoney = worst.limits.some((limit) => limit.spec.metric === 'usd' && waitOf(limit, demand ?? null, now) > 0)
  const message = `The limit of ${reason}; try again in ${duration(wait)}.`
  return new GatewayError('client_limit', message, {
    retryAfter: Math.ceil(wait),
    ...(isMoney && { code: 'budget_exceeded' }),
  })
}

function duration(milliseconds: number): string {
  if (milliseconds < 120_000) return `${Math.ceil(milliseconds / 100) / 10} s`
  return milliseconds < 7_200_000
    ? `${Math.ceil(milliseconds / 60_000)} minutes`
    : `${Math.ceil(milliseconds / 360_000) / 10} hours`
}

function oldest(pool: Pool): number | undefined {
  let first: number | undefined
  for (const line of pool.queue.activeLines()) {
    const head = line.items.find(({ gone, held }) => !gone && !held)
    if (head && (first === undefined || head.arrived < first)) first = head.arrived
  }
  return first
}
