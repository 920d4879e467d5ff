/** Who of those that wait is served next: the first that can be, in the order of who is due, and what of the queue may pass it. */
import { clientWait } from '../topology/clients.ts'
import { scopeWait } from '../topology/limit-scope.ts'
import type { Choice } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'
import { demandOf, eta, pick } from '../select/pick.ts'
import type { SchedulerState } from '../state.ts'
import type { Waiting } from './waiting.ts'

/** Blocked requests looked at before the rest of the queue is left for later. */
const MISSES = 8
/** Requests of one client that are passed over without a look, and what is far smaller than those before it. */
const MOST_PASSED = 256
const SMALLER = 0.5
/** Requests that wait for their own key, and so many are looked past. */
const MOST_HELD = 64
/** Blocked requests book at most this share of a pool's keys. */
const BOOKED_SHARE = 0.5
/** The least pause between two looks, in milliseconds. */
const LEAST = 0.1

export interface Turn {
  item?: Waiting
  choice?: Choice
  /** When to look again (monotonic ms). */
  next: number
}

/**
 * The first that can be served, in the order of who is due. A head that no key can take books the key that frees first,
 * so that smaller requests behind it use only what it leaves.
 */
export function serveOne(schedulerState: SchedulerState, pool: Pool, now: number): Turn {
  for (const keyGroup of pool.keyGroups) keyGroup.booked.clear()
  let misses = 0
  let booked = 0
  let next = Infinity
  const held: Waiting[] = []
  const common = scopeWait(pool.scope, null, now)
  if (common > 0) return { next: now + common }
  const most = Math.max(1, Math.floor(pool.keyGroups.reduce((sum, keyGroup) => sum + keyGroup.size, 0) * BOOKED_SHARE))
  for (const line of pool.queue.inOrder()) {
    const own = clientWait(line.client, null, now)
    if (own > 0) {
      next = Math.min(next, now + own)
      continue
    }
    let position = -1
    let passed = 0
    let least = Infinity
    let head: Waiting | undefined
    for (const item of line.items) {
      if (item.gone) continue
      if (position + 1 >= schedulerState.settings.backfill) {
        // behind as many as may be looked past, only who is far smaller may go, to a key that is of no use to them
        if (++passed > MOST_PASSED) break
        if (sizeOf(item) > SMALLER * least || item.notBefore > now) continue
        const choice = pick(schedulerState, pool, item, now)
        if (choice && head && isUseless(schedulerState, choice, head, now)) return { item, choice, next: now }
        continue
      }
      head ??= item
      least = Math.min(least, sizeOf(item))
      if (item.notBefore <= now) {
        const choice = pick(schedulerState, pool, item, now)
        if (choice) return { item, choice, next: now }
        if (item.held) pool.blocked.add(item)
        else book(schedulerState, pool, item, now)
      } else if (item.booking?.keyGroup.booked.has(item.booking.slot)) book(schedulerState, pool, item, now)
      next = Math.min(next, item.notBefore)
      if (item.held) {
        // It waits for its own key, and keeps nobody from another.
        held.push(item)
        if (held.length < MOST_HELD) continue
        return disloyal(schedulerState, pool, held, now) ?? { next }
      }
      position++
      if (item.booking && item.booking.slot >= 0 && booked < most && (position === 0 || booked === 0)) {
        item.booking.keyGroup.booked.add(item.booking.slot)
        booked++
      }
      if (++misses >= MISSES) return disloyal(schedulerState, pool, held, now) ?? { next }
    }
  }
  return disloyal(schedulerState, pool, held, now) ?? { next }
}

/** Can a key never take a request? */
function isUseless(schedulerState: SchedulerState, { keyGroup, slot }: Choice, item: Waiting, now: number): boolean {
  return keyGroup.wait(slot, demandOf(schedulerState, item, keyGroup), now) === Infinity
}

/** Tokens that a request asks for. */
function sizeOf({ request: { input, maxOutput } }: Waiting): number {
  return input + (maxOutput ?? 0)
}

/** In standing overload no key may be idle because all who wait would rather have another: the first of them takes it. */
function disloyal(schedulerState: SchedulerState, pool: Pool, held: readonly Waiting[], now: number): Turn | undefined {
  if (held.length === 0 || !pool.drainRate.standing(now)) return undefined
  for (const item of held) {
    const { loyalUntil } = item
    item.loyalUntil = 0
    const choice = pick(schedulerState, pool, item, now)
    if (choice) return { item, choice, next: now }
    item.loyalUntil = loyalUntil
  }
  return undefined
}

/** Nothing can take it now: notes when something can, and what, leaving out what others have booked. */
function book(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  const { wait, choice } = eta(schedulerState, pool, item, now)
  item.notBefore = now + Math.max(wait, LEAST)
  if (item.fallbackAt > now) item.notBefore = Math.min(item.notBefore, item.fallbackAt)
  item.booking = choice
  pool.blocked.add(item)
}
