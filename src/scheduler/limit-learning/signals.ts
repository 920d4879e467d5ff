/** What a provider says of its limits, on every answer, flows back into the levels and amounts. */
import type { LimitScope, LimitSpec, LimitSignal } from '../types.ts'
import type { Hold } from '../lease/accounting.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { ToWall } from '../limits/window.ts'
import { jitterGuard } from '../limits/window.ts'
import { Bucket } from '../limits/bucket.ts'
import { Fixed } from '../limits/fixed.ts'
import type { Limit } from '../limits/limit.ts'
import { lowerTo, windowOf } from '../limits/limit.ts'
import { keyModelOf } from '../topology/provider.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { addLimit, cool, coolAsTold } from '../topology/limit-scope.ts'
import { beliefOf } from './blind.ts'
import { learntOf, setAmount } from './learnt.ts'
import { isBoundary } from './window-start.ts'

export interface LearningOptions {
  /** Undefined: where the provider's count shows that nobody else uses the limit. */
  trustHeaders: boolean | undefined
  toWall: ToWall
}

/** The strongest class wins where one refusal names several. */
const STRENGTH = ['minute', 'shared', 'too-large', 'day', 'month', 'money', 'dead'] as const

/** More than any provider counts to, and than any window lasts in milliseconds. */
const MOST = 1e13
/** No window is longer than a month. Milliseconds. */
const LONGEST_RESET = 32 * 86_400_000
/** So many refusals with less left than was thought, and it is others who use a window. */
const SURPRISES = 2
/** A provider that counts so much of the window more than we took counts in another way, or somebody else's too. */
const STRANGE = 0.25
/** So many answers in a row that count no more than we do, but for this part of what was declared, and nobody else uses a limit. */
const AGREED = 3
const COUNTS_ALIKE = 0.05

/** Returns whether a limit has more room than was known. */
export function observeSignals(
  lease: LeaseRecord,
  signals: readonly LimitSignal[],
  now: number,
  options: LearningOptions,
): boolean {
  let more = false
  for (const said of signals) {
    const signal = sane(said)
    const hold = holdOf(lease, signal)
    if (hold) more = sync(hold, signal, lease, now, options) || more
    else learnNew(lease, signal, now, options)
    if (signal.class) {
      const before = lease.refusal?.class ? STRENGTH.indexOf(lease.refusal.class) : -1
      if (STRENGTH.indexOf(signal.class) > before) lease.refusal = signal
    }
  }
  return more
}

/** Numbers that are none, or that nothing could mean, are as if they had not been said. */
function sane(signal: LimitSignal): LimitSignal {
  let good = signal
  for (const name of ['limit', 'remaining', 'used', 'requested', 'reset', 'period'] as const) {
    const value = signal[name]
    if (value === undefined || (value >= 0 && value <= MOST)) continue
    if (name === 'period') return { metric: signal.metric, class: signal.class }
    good = { ...good, [name]: undefined }
  }
  return good
}

/** The limit that a signal is about: of its metric, of its period where it names one, else of the shortest. */
export function holdOf(lease: LeaseRecord, signal: LimitSignal): Hold | undefined {
  let found: Hold | undefined
  for (const hold of lease.holds) {
    const { spec } = hold.limit
    if (hold.scope.kind === 'client' || hold.scope.kind === 'model' || spec.metric !== signal.metric) continue
    if (signal.scope && hold.scope.kind !== scopeOf(signal.scope, lease)) continue
    if (signal.period !== undefined && !samePeriod(signal.period, spec.period)) continue
    if (!found || spec.period < found.limit.spec.period) found = hold
  }
  return found
}

/** A key that names no account is one. */
function scopeOf(scope: LimitScope, lease: LeaseRecord): LimitScope {
  if (lease.keyState.account) return scope
  return scope === 'account' ? 'key' : scope === 'account-model' ? 'key-model' : scope
}

/** Months are between 28 and 31 days long, and not everybody means the same one. */
function samePeriod(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.11 * Math.max(a, b)
}

function sync(hold: Hold, signal: LimitSignal, lease: LeaseRecord, now: number, options: LearningOptions): boolean {
  const { limit } = hold
  const { spec } = limit
  if (signal.limit !== undefined && signal.limit > 0) {
    const stated = mayRaise(limit, signal, now, options) ? signal.limit : Math.min(signal.limit, spec.amount)
    const share = limit.learnt?.share ?? 1
    const before = limit.window.amount
    if (stated !== spec.amount || limit.learnt) {
      setAmount(
        limit,
        stated * share,
        now,
        `the provider says ${signal.limit}${share < 1 ? ', others use it too' : ''}`,
      )
    }
    // It held that much from the beginning; what is left of it is told below.
    const isMore = limit.whole === undefined && stated > spec.amount && usedOf(signal) !== undefined
    if (isMore && limit.window instanceof Bucket) limit.window.fill(now, Math.max(0, limit.window.amount - before))
  }
  const remaining =
    signal.remaining ??
    (signal.limit !== undefined && signal.used !== undefined ? signal.limit - signal.used : undefined)
  // A refused request will get back what it reserved; the provider never took it.
  const own = signal.class === undefined ? 0 : hold.cost
  if (limit.whole !== undefined) {
    // What is left is left to all replicas, of which this one keeps to its share.
    if (remaining !== undefined && remaining >= 0) lowerTo(limit, remaining - own, now)
    return false
  }
  if (signal.reset !== undefined && signal.resetMeans === 'window' && spec.shape === 'fixed' && !spec.resets) {
    learnPhase(limit, signal.reset, now, options)
  }
  if (remaining === undefined || remaining < 0) return false
  if (spec.shape === 'bucket' || limit.window instanceof Bucket) {
    if (limit.window instanceof Bucket && spec.shape !== 'bucket') limit.window.widen(remaining + hold.cost)
    // What was taken since the request left is not in the number yet; what refilled since is not either.
    const refill = (lease.age(now) * limit.window.amount) / spec.period
    lowerTo(limit, remaining - (limit.taken - hold.taken) + refill - own, now)
  } else if (refills(hold, remaining, signal, lease, now, options)) {
    return false
  } else {
    // What a window is charged stays for its whole length, so only what is surely somebody else's use is.
    lowerTo(limit, remaining - own, now)
  }
  // A mark of before says that others left in the same moment, who may not be in the number yet.
  const alone = hold.mark === lease.sent
  return (
    alone &&
    trusted(limit, signal) &&
    (limit.window.raise?.(now, remaining - rounding(spec), hold.mark, hold.cost) ?? false)
  )
}

/**
 * May what the provider states be more than was declared? If nobody says, so many answers in a row must count no more
 * than we do: whoever declared less then kept nothing free for others.
 */
function mayRaise(limit: Limit, signal: LimitSignal, now: number, { trustHeaders }: LearningOptions): boolean {
  const { spec, window } = limit
  if (trustHeaders !== undefined) return trustHeaders
  if (signal.limit === undefined || signal.limit <= spec.amount) return false
  if (limit.agreed >= AGREED) return true
  const used = usedOf(signal)
  if (used === undefined || signal.class !== undefined) return false
  const ours = window.amount - window.room(now)
  limit.agreed = used <= ours + Math.max(1, COUNTS_ALIKE * spec.amount) ? limit.agreed + 1 : 0
  return limit.agreed >= AGREED
}

function usedOf({ limit, used, remaining }: LimitSignal): number | undefined {
  return used ?? (limit !== undefined && remaining !== undefined ? limit - remaining : undefined)
}

/**
 * Much less is left than this window thinks. Either others use it, or the provider's holds less at once and fills up all
 * the time: then a minute's rest would be wrong. It rests for what one unit takes; the next answer tells which it is.
 */
function refills(
  { limit, scope, before, asked, cost, mark }: Hold,
  remaining: number,
  signal: LimitSignal,
  lease: LeaseRecord,
  now: number,
  { toWall }: LearningOptions,
): boolean {
  const { spec } = limit
  if (spec.shape !== undefined || limit.rate === 0 || limit.belief?.refill === 'window') return false
  // A few units more are those that have come free since, on one side or the other.
  const missing = limit.window.amount - before - asked - remaining
  if (missing < STRANGE * spec.amount && limit.spentAt === undefined) return false
  const belief = (limit.belief ??= beliefOf(lease.keyGroup.provider, limit, now))
  // It said that nothing was left, and yet took a request soon after.
  const { spentAt } = limit
  const soon = spentAt !== undefined && lease.sent >= spentAt && lease.sent - spentAt < spec.period / 2
  if (signal.class !== undefined) {
    if (soon || ++belief.surprises >= SURPRISES) belief.refill = 'window'
    return false
  }
  if (soon) belief.refill ??= 'bucket'
  if (belief.refill === 'bucket') {
    limit.spentAt = undefined
    const burst = Math.min(spec.amount, Math.max(1, remaining + 1))
    // Whoever left with it, or since, may not be in the number yet.
    const unseen = Math.max(0, (limit.window.after?.(mark - 2 * jitterGuard(spec.period)) ?? cost) - cost)
    limit.window = new Bucket(limit.window.amount, spec.period, toWall, now, burst)
    limit.window.lower(now, remaining - unseen)
    learntOf(limit, now).reason = 'fills up all the time, by the provider’s own count'
    return true
  }
  if (remaining < 1) {
    limit.spentAt ??= now
    const rest = Math.min(signal.reset ?? Infinity, 1 / limit.rate)
    cool(scope, now + rest, `the provider says that no ${spec.metric} are left`)
  }
  return true
}

/** May what the provider says is left be used at once? Where nobody said how it counts, until a refusal proves it wrong. */
function trusted(limit: Limit, signal: LimitSignal): boolean {
  const never = limit.learnt === undefined || limit.learnt.cutAt === -Infinity
  return limit.spec.shape === undefined && signal.class === undefined && never
}

/** Tokens that are left are told in round numbers by some. */
function rounding({ metric, amount }: LimitSpec): number {
  return metric === 'requests' ? 0 : 0.02 * amount
}

/** A fixed window whose boundary is now known need not be treated as a sliding one. */
function learnPhase(limit: Limit, reset: number, now: number, { toWall }: LearningOptions): void {
  const boundary = toWall(now) + reset
  if (limit.window instanceof Fixed && isBoundary(limit.window, boundary, now)) return
  const used = limit.window.amount - limit.window.room(now)
  const amount = limit.window.amount
  limit.window = windowOf(limit.spec, amount, toWall, now, boundary)
  if (used > 0) limit.window.take(now, used)
  learntOf(limit, now).reason = 'window boundaries told by the provider'
}

/** A limit that nobody declared, told by a header with its amount and period. */
function learnNew(lease: LeaseRecord, signal: LimitSignal, now: number, { toWall }: LearningOptions): void {
  const scope = (): Scope => keyModelOf(lease.keyGroup.model, lease.keyState, toWall, now).scope
  if (signal.limit === undefined || signal.limit <= 0) {
    if (signal.remaining === 0 && signal.reset && signal.resetMeans !== 'full') {
      const until = now + Math.min(signal.reset, LONGEST_RESET)
      coolAsTold(scope(), until, `the provider says that no ${signal.metric} are left`, now)
    }
    return
  }
  if (signal.period === undefined || signal.metric === 'concurrency') return
  const spec: LimitSpec = { metric: signal.metric, amount: signal.limit, period: signal.period }
  const limit = addLimit(scope(), spec, toWall, now)
  limit.undeclared = true
  learntOf(limit, now).reason = `the provider says ${signal.limit}, nothing was declared`
  if (signal.remaining !== undefined && signal.remaining >= 0) lowerTo(limit, signal.remaining, now)
}
