/** What limits apply to: a key, an account, a key and a model, a provider, a public model or a client. */
import type { LimitScope, LimitSpec } from '../types.ts'
import type { Doubt } from '../limit-learning/doubt.ts'
import { doubt, mayAsk, UNDOUBTED } from '../limit-learning/doubt.ts'
import { beliefName, type EnforcementBelief } from '../limit-learning/enforcement-belief.ts'
import type { Demand } from '../limits/request-cost.ts'
import { createLimit, limitId, waitOf } from '../limits/limit.ts'
import type { Limit } from '../limits/limit.ts'
import type { ToWall } from '../limits/window.ts'

export interface Scope {
  readonly kind: LimitScope
  /** `key acme#2`, `key-model acme#2 model-a`: unique, for people and for the journal. */
  readonly name: string
  limits: Limit[]
  /** Cooling until then (monotonic ms), and why. */
  until: number
  reason: string
  doubt: Doubt | undefined
  /** Refusals in a row, no answer in between, and when the first and the last one came; sets the next cool-down. */
  refusals: number
  refusedSince: number
  refusedAt: number
  /** When the rest was to end, as its provider said, whatever was believed of that. */
  toldUntil: number
}

/** Why a key rests that was refused without a word: each request it gets rests it again, until one is answered. */
export const ON_TRIAL = 'refused without a word; one request at a time tries again'

export function createScope(
  kind: LimitScope,
  name: string,
  specs: readonly LimitSpec[],
  toWall: ToWall,
  now: number,
): Scope {
  const scope: Scope = {
    kind,
    name,
    limits: [],
    until: 0,
    reason: '',
    doubt: undefined,
    refusals: 0,
    refusedSince: -Infinity,
    refusedAt: -Infinity,
    toldUntil: -Infinity,
  }
  for (const spec of specs) addLimit(scope, spec, toWall, now)
  return scope
}

/** The first to state a limit of a metric and period has the word; a second one with less lowers it. */
export function addLimit(scope: Scope, spec: LimitSpec, toWall: ToWall, now: number): Limit {
  const known = scope.limits.find((limit) => limitId(limit.spec) === limitId(spec))
  if (known && known.spec.amount <= spec.amount) return known
  if (known) scope.limits.splice(scope.limits.indexOf(known), 1)
  const limit = createLimit(spec, toWall, now)
  scope.limits.push(limit)
  return limit
}

/** Its limits keep to what others of their kind have found out. */
export function believe({ limits }: Scope, beliefs: ReadonlyMap<string, EnforcementBelief>): void {
  if (beliefs.size === 0) return
  for (const limit of limits) if (limit.rate > 0) limit.belief ??= beliefs.get(beliefName(limit.spec))
}

/** Milliseconds until a scope admits a demand (`null`: the smallest there is); 0 now, Infinity never by itself. */
export function scopeWait(scope: Scope, demand: Demand | null, now: number): number {
  let wait = scope.until > now && !mayAsk(scope.doubt, now) ? scope.until - now : 0
  const { limits } = scope
  for (let index = 0; index < limits.length; index++) {
    const limit = limits[index]
    if (limit) wait = Math.max(wait, waitOf(limit, demand, now))
  }
  return wait
}

/** `until = max(old, new)`: a second, shorter cool-down never shortens the first. */
export function cool(scope: Scope, until: number, reason: string): void {
  if (until <= scope.until) return
  scope.until = until
  scope.reason = reason
}

/** The same, as somebody said who may be wrong: a long rest is asked about. */
export function coolAsTold(scope: Scope, until: number, reason: string, now: number): void {
  cool(scope, until, reason)
  if (until - now > UNDOUBTED) scope.doubt = doubt(scope.doubt, now)
}

/** When the first of its rests that lasts is asked about (monotonic ms); Infinity where none is. */
export function asksAt({ doubt: own, limits }: Scope, now: number): number {
  let at = own && own.at > now ? own.at : Infinity
  for (const { doubt: held } of limits) if (held && held.at > now && held.at < at) at = held.at
  return at
}

/** What holds a scope back, for people; empty when nothing does. */
export function scopeReason(scope: Scope, demand: Demand | null, now: number): string {
  if (scope.until > now) return `${scope.name}: ${scope.reason}`
  let worst = 0
  let reason = ''
  for (const limit of scope.limits) {
    const wait = waitOf(limit, demand, now)
    if (wait <= worst) continue
    worst = wait
    const left = Math.max(0, limit.window.room(now))
    const room = limit.spec.metric === 'usd' ? Number(left.toFixed(6)) : Math.floor(left)
    const refused = limit.until > now ? 'refused by the provider' : `${room} of ${limit.window.amount} left`
    reason = `${scope.name}: ${limit.spec.metric}${per(limit.spec.period)}: ${refused}`
  }
  return reason
}

const PERIODS: Record<number, string> = { 1000: 'second', 60_000: 'minute', 3_600_000: 'hour', 86_400_000: 'day' }

function per(period: number): string {
  return period === 0 ? '' : ` per ${PERIODS[period] ?? `${period / 1000} s`}`
}
