/**
 * How a provider enforces limits of one kind: as they are declared, or in parts finer than the window. Refusals that come
 * only where requests were crowded tell of a finer part; those that come anywhere tell of something else. All keys of a
 * provider with the same declared limit share what was seen, so that one refusal need not be repeated by each.
 */
import type { LimitSpec } from '../types.ts'
import { BINS, binOf, edgeOf, FIRST_EDGE, firstRefusedBin, LEAST_SHARE, sum } from './refused-bins.ts'

export interface EnforcementBelief {
  readonly spec: LimitSpec
  /** Units that crowding is counted in, and declared units a millisecond. */
  readonly unit: number
  readonly rate: number
  /**
   * Requests by how crowded they were; older ones count for less. Who is under way counts as accepted until refused:
   * refusals come sooner than answers, and would otherwise seem to be most of what comes.
   */
  readonly accepted: Float64Array
  readonly refused: Float64Array
  agedAt: number
  /** Refusals ever. */
  seen: number
  /** Most crowding that a request may meet; Infinity where no finer part is believed in. */
  most: number
  /** Share of the declared rate at which crowding is thought to drain. */
  speed: number
  /** Share of the requests that were refused before that was believed; answers and refusals since it was last changed. */
  share: number
  kept: number
  broken: number
  /** Of the requests that only the last relaxation lets through: how many left and were not refused, and how many were. */
  tried: number
  met: number
  /** Log-likelihood that evidence must have: more after each belief that did not come true. */
  convinced: number
  /** When that was last confirmed, for how long it holds, and when it was last relaxed. */
  cutAt: number
  hold: number
  grewAt: number
  /** When a key's limit was last found to be lower, and how low: its like need not find out each by themselves. */
  loweredAt: number
  lowered: number
  /** Does `remaining` fill up continuously, or with whole windows? Unknown until something tells. */
  refill: 'bucket' | 'window' | undefined
  /** Refusals with less left than was thought. */
  surprises: number
}

/** What lies on an edge belongs to the bin above: what is believed of the bins below ends just before it. */
const BELOW = 0.999
/** Timers and sums are not exact: who waited as long as was asked for may seem so much more crowded. */
const INEXACT = 1.0005
const HALF_LIFE = 300_000
const AGE_STEP = 10_000
/** Log-likelihood by which a finer part must explain the refusals better than chance does: odds of 33. */
const CONVINCED = 3.5
/** A belief that did not come true makes the next one so much harder, up to a bound. */
const ONCE_BITTEN = 4
const MOST_CONVINCED = 16
/** So many refusals under a belief, and at least this part of the share that was refused without it: it explains nothing. */
const BROKEN = 5
const NO_BETTER = 0.5
/** So many, and more than this share, is too much for any belief: a lower rate is refused like that. */
const STILL_BROKEN = 10
const TOLERABLE = 0.1
/** Closer than that nobody can tell requests apart. */
const FINEST = FIRST_EDGE
/** So many refusals just within a belief show that it is too wide, where they are this share: fewer are chance. */
const TOO_WIDE = 2
/** The first so many refusals are held to be of crowding, if their requests came closer than that. */
const FEW = 3
const UNSURE = 0.3
const FIRST_HOLD = 60_000
const LONGEST_HOLD = 300_000
const RELAX_EVERY = 10_000
const RELAX = 2 ** (1 / 3)
/** Where even single requests collide, arrivals jitter on their way: the pace gives up to so much of its rate. */
const SLOWER = 0.03
const SLOWEST = 0.85

/** By which all limits of one kind of a provider find what is believed of them. */
export function beliefName({ metric, period, amount }: LimitSpec): string {
  return `${metric}/${period}/${amount}`
}

export function createBelief(spec: LimitSpec, now: number): EnforcementBelief {
  return {
    spec,
    unit: spec.metric === 'requests' ? 1 : spec.amount / 100,
    rate: spec.amount / spec.period,
    accepted: new Float64Array(BINS),
    refused: new Float64Array(BINS),
    agedAt: now,
    seen: 0,
    most: Infinity,
    speed: 1,
    share: 0,
    kept: 0,
    broken: 0,
    tried: 0,
    met: 0,
    convinced: CONVINCED,
    cutAt: -Infinity,
    hold: FIRST_HOLD / 2,
    grewAt: now,
    loweredAt: -Infinity,
    lowered: 0,
    refill: undefined,
    surprises: 0,
  }
}

/** Milliseconds until a request is no more crowded than is believed to be admitted. */
export function paceWait(belief: EnforcementBelief, load: number, units: number): number {
  if (belief.most === Infinity) return 0
  const excess = crowding(belief, load, units) - Math.max(belief.most, crowding(belief, 0, units))
  return excess <= 1e-9 ? 0 : (excess * belief.unit) / (belief.rate * belief.speed)
}

/** How crowded a request of `units` is, `load` units having been taken ahead of the rate before it. */
export function crowding({ unit, spec }: EnforcementBelief, load: number, units: number): number {
  return Math.max(0, spec.metric === 'requests' ? load : (load + units - unit) / unit)
}

/** A request leaves. */
export function noteSent(belief: EnforcementBelief, crowd: number, now: number): void {
  age(belief, now)
  count(belief, crowd, 1)
}

/** One that had been noted was refused, ended without a word on its limits, or has not left after all. */
export function noteUnanswered(belief: EnforcementBelief, crowd: number): void {
  count(belief, crowd, -1)
}

function count(belief: EnforcementBelief, crowd: number, by: 1 | -1): void {
  const bin = binOf(crowd)
  belief.accepted[bin] = Math.max(0, (belief.accepted[bin] ?? 0) + by)
  if (keeps(belief, crowd)) belief.kept = Math.max(0, belief.kept + by)
  if (isJustWithin(belief, crowd)) belief.tried = Math.max(0, belief.tried + by)
}

/**
 * Notes the refusal of one that counts as accepted no more, and judges anew. Returns whether crowding explains it: true,
 * false, or undefined while that is open.
 */
export function noteRefused(belief: EnforcementBelief, crowd: number, now: number): boolean | undefined {
  age(belief, now)
  const bin = binOf(crowd)
  belief.refused[bin] = (belief.refused[bin] ?? 0) + 1
  belief.seen++
  const before = belief.most
  if (keeps(belief, crowd) && isRefuted(belief)) {
    forget(belief)
    return false
  }
  const found = firstRefusedBin(belief.accepted, belief.refused, belief.convinced, belief.spec.amount / belief.unit)
  if (found > 0) {
    const most = edgeOf(found) * BELOW
    if (crowd >= Math.min(most, before) * 0.9) cut(belief, Math.min(most, before), now)
    // Already at one at a time, and still they collide: a little slower.
    if (crowd <= before && before <= 1 && crowd > 0 && belief.speed > SLOWEST) {
      belief.speed = Math.max(SLOWEST, belief.speed - SLOWER)
      belief.kept = belief.broken = 0
    }
    return crowd >= most * 0.9
  }
  if (before < Infinity) {
    // What was believed no longer explains what is seen.
    if (!isJustWithin(belief, crowd)) return false
    belief.met++
    if (belief.met < TOO_WIDE) return false
    if (belief.met < LEAST_SHARE * (belief.met + belief.tried)) {
      belief.hold = Math.max(FIRST_HOLD / 2, belief.hold / 2)
      return false
    }
    cut(belief, before / RELAX, now)
    return true
  }
  return crowd >= UNSURE && belief.seen < FEW ? undefined : false
}

/** Is something believed, and was the request as far from others as that asks for, or as can be? */
export function keeps({ most }: EnforcementBelief, crowd: number): boolean {
  return most < Infinity && (crowd <= INEXACT * most || most <= FINEST)
}

/** Would it have had to wait before the belief was last relaxed? */
function isJustWithin({ most }: EnforcementBelief, crowd: number): boolean {
  return most < Infinity && crowd > most / RELAX
}

/** Under a true belief far fewer are refused than without it. */
function isRefuted(belief: EnforcementBelief): boolean {
  belief.broken++
  const share = belief.broken / (belief.broken + belief.kept)
  return (
    (belief.broken >= BROKEN && share > NO_BETTER * belief.share) ||
    (belief.broken >= STILL_BROKEN && share > TOLERABLE)
  )
}

/** What was believed has been tried, and refusals came as before: they have another reason. */
function forget(belief: EnforcementBelief): void {
  belief.most = Infinity
  belief.speed = 1
  belief.hold = FIRST_HOLD / 2
  belief.convinced = Math.min(MOST_CONVINCED, belief.convinced + ONCE_BITTEN)
  belief.accepted.fill(0)
  belief.refused.fill(0)
}

function cut(belief: EnforcementBelief, most: number, now: number): void {
  if (belief.most === Infinity)
    belief.share = sum(belief.refused) / Math.max(1, sum(belief.refused) + sum(belief.accepted))
  const part = Math.max(FINEST, most)
  if (part < belief.most) belief.kept = belief.broken = belief.tried = belief.met = 0
  belief.most = part
  if (now - belief.cutAt > RELAX_EVERY / 5) belief.hold = Math.min(LONGEST_HOLD, belief.hold * 2)
  belief.cutAt = now
  belief.grewAt = now
}

/** Lets requests crowd a little more from time to time, so that a belief that no longer holds is found out. */
export function relax(belief: EnforcementBelief, now: number): void {
  if (belief.most === Infinity && belief.speed === 1) return
  if (now - belief.cutAt < belief.hold || now - belief.grewAt < RELAX_EVERY) return
  belief.grewAt = now
  belief.speed = Math.min(1, belief.speed + SLOWER / 3)
  belief.most *= RELAX
  belief.tried = belief.met = 0
  if (belief.most * belief.unit < belief.spec.amount) return
  belief.most = Infinity
  belief.hold = FIRST_HOLD / 2
}

function age(belief: EnforcementBelief, now: number): void {
  const elapsed = now - belief.agedAt
  if (elapsed < AGE_STEP) return
  belief.agedAt = now
  const left = 0.5 ** (elapsed / HALF_LIFE)
  belief.convinced = CONVINCED + (belief.convinced - CONVINCED) * left
  for (let bin = 0; bin < BINS; bin++) {
    belief.accepted[bin] = (belief.accepted[bin] ?? 0) * left
    belief.refused[bin] = (belief.refused[bin] ?? 0) * left
  }
}

/** For people; empty where nothing is believed. */
export function beliefReason({ most, unit, spec, speed }: EnforcementBelief): string {
  if (most === Infinity) return ''
  const rate = ((spec.amount * speed) / spec.period) * 1000
  const burst = spec.metric === 'requests' ? Math.floor(most + 1) : Math.round(most * unit)
  return `refused when crowded: at most ${burst} at once, then ${Number(rate.toPrecision(3))} a second`
}
