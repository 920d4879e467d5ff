/** Reserve, settle, refund: what a request holds of each limit that it touches. */
import type { Settlement } from '../types.ts'
import { ask, mayAsk } from '../limit-learning/doubt.ts'
import { crowding, noteSent } from '../limit-learning/enforcement-belief.ts'
import { grow } from '../limit-learning/learnt.ts'
import { takeTurn } from '../limit-learning/trial.ts'
import type { Demand } from '../limits/request-cost.ts'
import { actualOf, costOf, lateCost } from '../limits/request-cost.ts'
import { Fixed } from '../limits/fixed.ts'
import type { Limit } from '../limits/limit.ts'
import { give, hear, limitId, loadOf, take } from '../limits/limit.ts'
import type { Scope } from '../topology/limit-scope.ts'

export interface Hold {
  readonly limit: Limit
  readonly scope: Scope
  /** Units charged at first, and so far. */
  readonly asked: number
  cost: number
  /** Of that, what was charged when it ended. */
  late: number
  readonly mark: number
  /** The limit's own count right after, to tell what was taken since. */
  readonly taken: number
  /** What the window held before this request. */
  readonly before: number
  /** Units that were taken ahead of the declared rate before this request. */
  readonly load: number
  /** Was it noted when it left, by what is believed of the limit? */
  readonly noted: boolean
}

/** Milliseconds: who has waited so long would have liked the limits to be higher. */
const WAITED = 1000

/** Of what has no limits. */
export const NOTHING: readonly Hold[] = []

/**
 * Takes from every limit of a scope, beside what is held of others; the caller has made sure that each admits it, in the
 * same turn of the loop. `waited` are the milliseconds that the request has waited for them.
 */
export function reserve(
  held: readonly Hold[],
  scope: Scope,
  demand: Demand,
  waited: number,
  now: number,
): readonly Hold[] {
  if (scope.doubt && scope.until > now && mayAsk(scope.doubt, now)) ask(scope.doubt, now)
  if (scope.limits.length === 0) return held
  const own = scope.limits.map((limit) => hold(limit, scope, demand, waited >= WAITED, now))
  return held.length === 0 ? own : held.concat(own)
}

function hold(limit: Limit, scope: Scope, demand: Demand, isWanted: boolean, now: number): Hold {
  if (limit.learnt) {
    takeTurn(limit, isWanted, now)
    grow(limit, now)
  }
  const cost = costOf(limit.spec, demand)
  if (limit.doubt && mayAsk(limit.doubt, now) && isHeld(limit, cost, now)) ask(limit.doubt, now)
  const load = limit.rate > 0 ? loadOf(limit, now) : 0
  const before = limit.window.amount - limit.window.room(now)
  const { belief } = limit
  if (belief) noteSent(belief, crowding(belief, load, cost), now)
  const mark = take(limit, cost, now)
  return { limit, scope, asked: cost, cost, late: 0, mark, taken: limit.taken, before, load, noted: !!belief }
}

/** Would it rest, were it not doubted? */
function isHeld({ until, window }: Limit, cost: number, now: number): boolean {
  return until > now || window.room(now) < cost
}

/** Two schedulers that follow the same wall clock disagree by less, in milliseconds. */
const DISAGREEMENT = 2

/**
 * The same holds in a scheduler that has taken over. Windows have come with what was taken, so nothing is taken twice;
 * `concurrency` and limits that are new are taken, whether there is room or not.
 */
export function takeOver(
  scopes: readonly (Scope | undefined)[],
  holds: readonly Hold[],
  demand: Demand,
  now: number,
): readonly Hold[] {
  return scopes.flatMap((scope) => {
    if (!scope) return []
    return scope.limits.map((limit) => {
      const old = holds.find(
        (other) =>
          other.scope.kind === scope.kind &&
          other.scope.name === scope.name &&
          limitId(other.limit.spec) === limitId(limit.spec) &&
          other.limit.window.constructor === limit.window.constructor,
      )
      if (!old || limit.spec.metric === 'concurrency') return hold(limit, scope, demand, false, now)
      const mark = limit.window instanceof Fixed ? old.mark : old.mark - DISAGREEMENT
      return { ...old, limit, scope, mark, taken: limit.taken }
    })
  })
}

/** More tokens, or neurons, than one request can use. */
const MOST_USED = 1e8

/** Of what was asked for, so many times as much may have been used. */
const CREDIBLE = 4

/** What an upstream says was used, as far as it is an amount that can be: the rest is as if it had said nothing. */
export function credible(used: Settlement): Settlement {
  let good = used
  for (const name of ['input', 'output', 'cached', 'neurons', 'cost'] as const) {
    const value = used[name]
    if (value !== undefined && !(value >= 0 && value <= MOST_USED)) good = { ...good, [name]: undefined }
  }
  return good
}

/** Trues the charges up to what was used. What a provider counts while it answers is moved to now. */
export function settleHolds(holds: readonly Hold[], used: Settlement, demand: Demand, now: number): void {
  const known = used.input !== undefined || used.output !== undefined
  for (const hold of holds) {
    const { limit, mark } = hold
    const { spec } = limit
    if (spec.metric === 'concurrency') continue
    const actual = known || spec.metric === 'neurons' ? actualOf(spec, used, demand) : null
    if (actual === null) continue
    const late = lateCost(spec, used.output ?? demand.output)
    // Whatever is said, one request costs no more than all of a window: the debt ends with the next one.
    const most = Math.max(hold.cost, spec.amount)
    const early = Math.min(actual - late, most)
    if (hold.cost !== early) give(limit, hold.cost - early, mark, now)
    if (late > 0) take(limit, Math.min(late, most), now)
    // what a client has used is our own count, which nobody else has a word in
    if (hold.scope.kind !== 'client')
      hear(limit, early + Math.min(late, most) - CREDIBLE * Math.max(hold.asked, demand.input + demand.reserve), now)
    hold.late = Math.min(late, most)
    hold.cost = early + hold.late
  }
}

/** Gives back what a request did not cost, because its provider refused it. */
export function refundHolds(holds: readonly Hold[], requestsCount: boolean, now: number): void {
  for (const hold of holds) {
    const { metric } = hold.limit.spec
    if (metric === 'concurrency' || (metric === 'requests' && requestsCount && hold.scope.kind !== 'client')) continue
    give(hold.limit, hold.cost, hold.mark, now)
    hold.cost = 0
  }
}

/** Gives back all that is held, as if nothing had been asked for. */
export function withdrawHolds(holds: readonly Hold[], now: number): void {
  for (const hold of holds) {
    give(hold.limit, hold.cost, hold.mark, now)
    hold.cost = 0
  }
}

/** The request is over, whatever came of it. */
export function freeConcurrency(holds: readonly Hold[], now: number): void {
  for (const hold of holds) if (hold.limit.spec.metric === 'concurrency') give(hold.limit, hold.cost, hold.mark, now)
}

/** It goes on after all. */
export function holdConcurrency(holds: readonly Hold[], now: number): void {
  for (const hold of holds) if (hold.limit.spec.metric === 'concurrency') take(hold.limit, hold.cost, now)
}
