/**
 * When a fixed window begins, where no header says so. Until that is known it is counted as a sliding one, which is safe
 * and leaves a part of a window unused. So where requests wait and nothing comes free soon, one of them asks a key that is
 * full by our count: a refusal that tells how long to wait tells when the next window begins. That is believed of a
 * provider once two refusals of one key mean the same moment, and forgotten where a later one contradicts it.
 */
import type { Hold } from '../lease/accounting.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Demand } from '../limits/request-cost.ts'
import { waitOf, windowOf, type Limit } from '../limits/limit.ts'
import { Fixed } from '../limits/fixed.ts'
import { Sliding } from '../limits/sliding.ts'
import { EPSILON, type ToWall } from '../limits/window.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { learntOf } from './learnt.ts'
import type { StartsTold } from './starts-told.ts'

/** One request asks at a time; one that has not been answered for so long does so no more. Milliseconds. */
const UNANSWERED = 10_000
/** Less than this is said of whatever is refused, and more than the window, but for this part, is about something else. */
const LEAST_TOLD = 2000
const MORE = 0.02
/** The first that was told is asked again after so long, and both must mean one boundary: milliseconds, of which whole seconds take one. */
const AGAIN = 4000
const DIFFER = 1500

/**
 * The limit that alone keeps a request from a key, and of which may be asked now whether its window has begun anew.
 * @param scopes all that the request would count against
 * @param wait milliseconds until nothing keeps it, as far as is known
 */
export function askableStart(
  told: StartsTold,
  scopes: readonly (Scope | undefined)[],
  demand: Demand,
  wait: number,
  now: number,
): Limit | undefined {
  if (told.believed === false) return undefined
  let full: Limit | undefined
  for (const scope of scopes) {
    if (!scope) continue
    if (scope.until > now) return undefined
    for (const limit of scope.limits) {
      if (waitOf(limit, demand, now) === 0) continue
      if (full || scope.kind === 'client' || scope.kind === 'model' || !mayAsk(limit, now)) return undefined
      full = limit
    }
  }
  if (told.first && told.first.limit !== full && told.first.boundary > now) return undefined
  // a breaker, a kept place or a pause of all keys holds it longer
  return full && wait <= full.window.wait(now, 1) + EPSILON ? full : undefined
}

function mayAsk({ spec, window, startAskAt, until, belief }: Limit, now: number): boolean {
  const isPlain = spec.metric === 'requests' && until <= now && belief === undefined && window instanceof Sliding
  return isPlain && startAskAt !== undefined && startAskAt <= now
}

/** A request leaves that asks. */
export function askStart(limit: Limit, now: number): void {
  limit.startAskAt = now + UNANSWERED
}

/** One was answered. If it asked, a window has begun since its key was full, and how much is left of it the next one asks. */
export function noteStartAccepted({ asks, holds }: LeaseRecord, now: number): void {
  if (asks) for (const hold of holds) if (isAsked(hold)) hold.limit.startAskAt = now
}

/** Was a refused request one that asked? Then it teaches nothing else. @param said milliseconds to wait, if that was said */
export function noteStartRefused(lease: LeaseRecord, said: number | undefined, now: number, toWall: ToWall): boolean {
  const { startsTold } = lease.keyGroup.provider
  let hasAsked = false
  for (const hold of lease.holds) {
    const { limit } = hold
    // what a header has told the next header corrects
    if (limit.window instanceof Fixed && limit.startAskAt === Infinity)
      forgetIfWrong(startsTold, limit, limit.window, said, now, toWall)
    else if (lease.asks && isAsked(hold)) {
      compare(startsTold, limit, said, now, toWall)
      hasAsked = true
    }
  }
  return hasAsked
}

/** Of the limits of a request that asks, the one that was full, while it is unknown when its windows begin. */
function isAsked({ limit, before, asked }: Hold): boolean {
  const { startAskAt, window } = limit
  return startAskAt !== undefined && window instanceof Sliding && before + asked > window.amount + EPSILON
}

function compare(told: StartsTold, limit: Limit, said: number | undefined, now: number, toWall: ToWall): void {
  if (said === undefined || said < LEAST_TOLD || said > (1 + MORE) * limit.spec.period) {
    const isNear = said !== undefined && said < LEAST_TOLD
    if (!isNear) told.believed ??= false
    // so near to a boundary, the next one is asked about
    limit.startAskAt = now + (isNear ? AGAIN : limit.spec.period)
    return
  }
  const boundary = now + said
  if (told.believed === undefined) {
    const { first } = told
    limit.startAskAt = now + AGAIN
    if (first && first.limit !== limit && first.boundary > now) return
    if (!first || first.boundary < now) return void (told.first = { limit, boundary })
    told.believed = Math.abs(boundary - first.boundary) <= DIFFER
    told.first = undefined
  }
  if (!told.believed) return
  const { amount } = limit.window
  limit.window = windowOf(limit.spec, amount, toWall, now, toWall(boundary))
  limit.window.lower(now, 0)
  limit.startAskAt = Infinity
  learntOf(limit, now).reason = 'window boundaries told by a refusal'
}

/** Does one of its windows begin at this wall-clock instant, as far as whole seconds tell? */
export function isBoundary(window: Fixed, at: number, now: number): boolean {
  const [start, end] = window.span(now)
  const period = end - start
  const off = Math.abs(at - end) % period
  return Math.min(off, period - off) <= Math.min(DIFFER, period / 4)
}

/** Another boundary than the one that was told before: neither is believed. */
function forgetIfWrong(
  told: StartsTold,
  limit: Limit,
  window: Fixed,
  said: number | undefined,
  now: number,
  toWall: ToWall,
): void {
  if (said === undefined || said < LEAST_TOLD || isBoundary(window, toWall(now) + said, now)) return
  const used = window.amount - window.room(now)
  limit.window = windowOf(limit.spec, window.amount, toWall, now)
  if (used > 0) limit.window.take(now, used)
  limit.startAskAt = undefined
  told.believed = false
  learntOf(limit, now).reason = 'refusals tell different window boundaries'
}
