/** After a 429: which limit was met, until when it rests, and what that teaches. */
import type { Failure, LimitSignal } from '../types.ts'
import type { Hold } from '../lease/accounting.ts'
import { noteFault } from '../health/incident.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import { calendarFrame } from '../limits/calendar.ts'
import type { Limit } from '../limits/limit.ts'
import type { ToWall } from '../limits/window.ts'
import type { KeyModel } from '../topology/provider.ts'
import { ownerOf } from '../topology/provider.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { cool, coolAsTold, ON_TRIAL } from '../topology/limit-scope.ts'
import { fullest, learnFromRefusal } from './blind.ts'
import { doubt, UNDOUBTED } from './doubt.ts'
import { holdOf } from './signals.ts'
import { asksSooner, noteRefusedSooner } from './told-rest.ts'
import { noteStartRefused } from './window-start.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A first refusal without a hint rests for so much of the time that one unit takes, the next ones twice as long each. */
const FIRST_REST = 0.3
const LEAST_REST = 50
const USUAL_REST = 1000
/** A window that holds less than this part was not what refused. */
const FULL = 0.5
/** However long a refusal says, without naming a day, its key is asked again after so long: milliseconds. */
const LEAST_TOLD = 60_000
export const LONGEST_TOLD = 8 * 60_000
/** What a spent day or month may say. */
const LONGEST_DAY = 32 * DAY
/** Clocks differ: a spent day that is reported this soon after its reset is yesterday's. */
const FRESH = 60_000

export function coolRefused(
  lease: LeaseRecord,
  failure: Failure,
  model: () => KeyModel,
  now: number,
  toWall: ToWall,
  longest: number,
): void {
  const { refusal } = lease
  const state = model()
  if (refusal?.class === 'too-large') {
    const size = refusal.limit ?? (refusal.requested ?? lease.demand.input + lease.demand.reserve) - 1
    state.maxTokens = Math.min(state.maxTokens, Math.max(1, size))
    const asked = state.tooLarge
    state.tooLarge = doubt(asked && { ...asked, times: asked.times + (lease.sent >= asked.at ? 1 : 0) }, now)
    return
  }
  if (refusal?.class === 'day' || refusal?.class === 'month')
    return coolLong(lease, refusal, failure, state, now, toWall)
  if (noteStartRefused(lease, failure.retryAfter ?? resetOf(refusal), now, toWall)) return
  const hold = refusal ? holdOf(lease, refusal) : undefined
  const suspect = hold ?? fullest(lease)
  const { scope } = state
  const before = { until: scope.until, reason: scope.reason, refusals: scope.refusals, limit: hold?.limit.until ?? 0 }
  // Those that were under way together were refused together.
  if (scope.refusals === 0) scope.refusedSince = now
  const { toldRests } = lease.keyGroup.provider
  const again = scope.refusals > 0 && lease.sent >= scope.refusedAt
  if (scope.refusals === 0 || again) scope.refusals++
  if (again && lease.sent < scope.toldUntil) noteRefusedSooner(toldRests, now)
  scope.refusedAt = now
  const told = toldOf(refusal, failure, hold ?? suspect, scope.refusals)
  const own = Math.max(ownWait(suspect, now), untold(suspect, scope.refusals, longest))
  const sooner = told !== undefined && asksSooner(toldRests, told, own, scope.refusals, now)
  if (told !== undefined) scope.toldUntil = Math.max(scope.toldUntil, now + told)
  const rest = sooner ? own : (told ?? (exact(refusal, hold) ? 0 : untold(suspect, scope.refusals, longest)))
  const undo = () => {
    Object.assign(scope, { until: before.until, reason: before.reason, refusals: before.refusals })
    if (hold) hold.limit.until = before.limit
  }
  if (sooner) cool(scope, now + rest, ON_TRIAL)
  else if (hold) restLimit(hold.limit, rest, now)
  else coolAsTold(scopeOf(lease, refusal, state), now + rest, told === undefined ? ON_TRIAL : 'rate limited', now)
  const { sent, item } = lease
  const mark = {
    owner: ownerOf(lease.keyState),
    owners: lease.keyGroup.provider.owners,
    trouble: 'limit' as const,
    kind: failure.kind,
    sent,
    origin: item.origin,
    undo,
  }
  // Where all keys are refused it is no key's limit, and nothing is learnt of any.
  if (!hold && noteFault(lease.keyGroup.model.incident, { ...mark, told: failure.retryAfter }, now, longest)) return
  if (!suspect) return
  // The provider's own numbers have been taken over; only what they do not explain has to be inferred.
  if (remainingOf(refusal) !== undefined) return
  // A rest that is longer than the window is about something else.
  const long = (told ?? 0) > 2 * suspect.limit.spec.period
  learnFromRefusal(
    lease,
    suspect,
    {
      named: hold !== undefined,
      told: long ? undefined : told,
      row: scope.refusals,
      lasted: now - scope.refusedSince,
      long,
      stated: refusal?.limit,
    },
    now,
  )
}

function remainingOf(refusal: LimitSignal | undefined): number | undefined {
  if (refusal?.limit === undefined || refusal.used === undefined) return refusal?.remaining
  return refusal.remaining ?? refusal.limit - refusal.used
}

/** A bucket's own arithmetic knows when; it has just been set to what the provider says is left. */
function exact(refusal: LimitSignal | undefined, hold: Hold | undefined): boolean {
  return hold !== undefined && refusal?.used !== undefined && refusal.limit !== undefined
}

/** When the limit that was met has room again, not when all of it is free. */
function resetOf(refusal: LimitSignal | undefined): number | undefined {
  return refusal?.resetMeans === 'full' ? undefined : refusal?.reset
}

/** What the provider said, in milliseconds, within reason: never much longer than the window that it can be about. */
function toldOf(
  refusal: LimitSignal | undefined,
  failure: Failure,
  hold: Hold | undefined,
  row: number,
): number | undefined {
  const said = failure.retryAfter ?? resetOf(refusal)
  // Nothing, or a moment that has passed, says no more than a refusal without a word.
  if (said === undefined || !(said > 0)) return undefined
  const period = hold?.limit.spec.period ?? 0
  const most = Math.min(LONGEST_TOLD, Math.max(LEAST_TOLD, 1.1 * period) * 2 ** Math.min(row - 1, 4))
  return Math.min(said, Math.max(most, Math.min(1.1 * period, HOUR)))
}

/** Milliseconds until a limit that is as full as this one has room for the same again; Infinity where it was not full. */
function ownWait(suspect: Hold | undefined, now: number): number {
  if (!suspect) return Infinity
  const { limit, asked, before } = suspect
  const unit = (limit.spec.period / limit.window.amount) * asked
  if (limit.spec.shape === 'bucket') return unit
  const wait = limit.window.wait(now, limit.window.room(now) + asked)
  return before + asked < FULL * limit.window.amount ? Infinity : Math.max(unit, wait)
}

/** Where nothing was told: a part of what one unit takes to come free, ever longer while all are refused. */
function untold(suspect: Hold | undefined, row: number, longest: number): number {
  const unit = suspect
    ? (suspect.limit.spec.period / suspect.limit.window.amount) * Math.max(suspect.asked, 1)
    : Infinity
  const first = Math.min(USUAL_REST, Math.max(LEAST_REST, FIRST_REST * unit))
  return Math.min(longest, first * 2 ** Math.min(row - 1, 20))
}

/** A spent day or month rests to its reset; a retry hint of seconds beside it is known to be false. */
function coolLong(
  lease: LeaseRecord,
  refusal: LimitSignal,
  failure: Failure,
  state: KeyModel,
  now: number,
  toWall: ToWall,
): void {
  const month = refusal.class === 'month'
  const least = month ? 20 * DAY : 20 * HOUR
  const long = lease.holds.filter(
    ({ limit, scope }) => scope.kind !== 'client' && scope.kind !== 'model' && limit.spec.period >= least,
  )
  const hold = long.find(({ limit }) => limit.spec.metric === refusal.metric) ?? long[0]
  const expires = hold?.limit.spec.period && hold.limit.spec.period >= least ? hold.limit.window.expires(now) : Infinity
  const told = Math.min(LONGEST_DAY, Math.max(refusal.reset ?? 0, failure.retryAfter ?? 0))
  const wall = toWall(now)
  let rest: number
  if (expires < Infinity) {
    const frame = calendarOf(hold, wall)
    rest = frame !== undefined && wall - frame < FRESH ? FRESH : expires
  } else if (told > 60_000) rest = told
  // Nothing says when: the next midnight UTC for a day; a month is asked again each day.
  else rest = nextMidnight(wall) - wall
  const reason = month ? 'the month is spent' : 'the day is spent'
  // Where our own count says the same, there is no doubt.
  const agreed = hold !== undefined && hold.limit.window.room(now) + hold.limit.hearsay < Math.max(1, hold.asked)
  if (hold && agreed) hold.limit.until = Math.max(hold.limit.until, now + rest)
  else if (hold) restLimit(hold.limit, rest, now)
  else coolAsTold(scopeOf(lease, refusal, state), now + rest, reason, now)
}

function restLimit(limit: Limit, rest: number, now: number): void {
  limit.until = Math.max(limit.until, now + rest)
  if (rest > UNDOUBTED) limit.doubt = doubt(limit.doubt, now)
}

/** When the calendar window that holds `wall` began. */
function calendarOf(hold: Hold | undefined, wall: number): number | undefined {
  const resets = hold?.limit.spec.resets
  return resets && calendarFrame(resets)(wall).start
}

function nextMidnight(wall: number): number {
  return Math.floor(wall / DAY + 1) * DAY
}

/** Where a cool-down belongs: to the key with this model, unless the signal names a wider scope. */
function scopeOf(lease: LeaseRecord, refusal: LimitSignal | undefined, state: KeyModel): Scope {
  const key = lease.keyState
  switch (refusal?.scope) {
    case 'provider':
      return lease.keyGroup.provider.scope
    case 'account':
      return key.account?.scope ?? key.scope
    case 'account-model':
      return (key.account && lease.keyGroup.model.accountScopes.get(key.account)) ?? state.scope
    case 'key':
      return key.scope
    default:
      return state.scope
  }
}
