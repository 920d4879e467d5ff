/** After a 429: which limit was met, until when it rests, and what that teaches. */
import type { Failure, LimitSignal } from '../types.ts'
import type { Hold } from '../lease/accounting.ts'
import { recordRefusal } from '../health/provider-pause.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import { calendarFrame } from '../limits/calendar.ts'
import type { ToWall } from '../limits/window.ts'
import type { KeyModel } from '../topology/provider.ts'
import type { Scope } from '../topology/scope.ts'
import { cool } from '../topology/scope.ts'
import { fullest, learnFromRefusal } from './blind.ts'
import { holdOf } from './signals.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A first refusal without a hint rests a second, the next ones twice as long each. */
const FIRST_REST = 1000
const LONGEST_REST = 30_000
/** Clocks differ: a spent day that is reported this soon after its reset is yesterday's. */
const FRESH = 60_000

export function coolRefused(
  lease: LeaseRecord,
  failure: Failure,
  model: () => KeyModel,
  now: number,
  toWall: ToWall,
): void {
  const { refusal } = lease
  const state = model()
  if (refusal?.class === 'too-large') {
    const size = refusal.limit ?? (refusal.requested ?? lease.demand.input + lease.demand.reserve) - 1
    state.maxTokens = Math.min(state.maxTokens, size)
    return
  }
  if (refusal?.class === 'day' || refusal?.class === 'month')
    return coolLong(lease, refusal, failure, state, now, toWall)
  const hold = refusal ? holdOf(lease, refusal) : undefined
  const until = now + restOf(refusal, failure, state, hold)
  const before = { until: state.scope.until, limit: hold?.limit.until ?? 0 }
  if (hold && refusal) {
    hold.limit.until = Math.max(hold.limit.until, until)
    const remaining =
      refusal.remaining ??
      (refusal.limit !== undefined && refusal.used !== undefined ? refusal.limit - refusal.used : undefined)
    // The provider's own numbers have been taken over; only what they do not explain has to be inferred.
    if (remaining === undefined) learnFromRefusal(hold, refusal.limit, now)
    return
  }
  cool(scopeOf(lease, refusal, state), until, 'rate limited')
  const guess = fullest(lease)
  // A rest that is longer than the window is about something else.
  if (guess && until - now <= 2 * guess.limit.spec.period) learnFromRefusal(guess, refusal?.limit, now)
  const pause = recordRefusal(lease.keyGroup.provider.refusals, lease.keyState, false, now, () => {
    state.scope.until = before.until
  })
  if (pause > 0)
    cool(
      lease.keyGroup.provider.scope,
      now + Math.max(pause, failure.retryAfter ?? 0),
      'several keys were refused within seconds',
    )
}

/** Milliseconds to rest: what the provider said, else ever longer. */
function restOf(refusal: LimitSignal | undefined, failure: Failure, state: KeyModel, hold: Hold | undefined): number {
  const told = failure.retryAfter ?? (refusal?.resetMeans === 'full' ? undefined : refusal?.reset)
  if (told !== undefined) {
    state.scope.refusals = 0
    return told
  }
  // A bucket's own arithmetic knows when; it has just been set to what the provider says is left.
  if (hold && refusal?.used !== undefined && refusal.limit !== undefined) return 0
  return Math.min(LONGEST_REST, FIRST_REST * 2 ** state.scope.refusals++)
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
  const told = Math.max(refusal.reset ?? 0, failure.retryAfter ?? 0)
  const wall = toWall(now)
  let rest: number
  if (expires < Infinity) {
    const frame = calendarOf(hold, wall)
    rest = frame !== undefined && wall - frame < FRESH ? FRESH : expires
  } else if (told > 60_000) rest = told
  // Nothing says when: the next midnight UTC for a day; a month is asked again each day.
  else rest = nextMidnight(wall) - wall
  const reason = month ? 'the month is spent' : 'the day is spent'
  if (hold) {
    hold.limit.until = Math.max(hold.limit.until, now + rest)
  } else cool(scopeOf(lease, refusal, state), now + rest, reason)
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
