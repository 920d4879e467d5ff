/**
 * How a provider enforces limits of one kind: as they are declared, or in parts finer than the window. Refusals that come
 * only where requests were crowded tell of a finer part; those that come anywhere tell of something else. All keys of a
 * provider with the same declared limit share what was seen, so that one refusal need not be repeated by each.
 */
import type { LimitSpec } from '../types.ts'

export interface Habit {
  readonly spec: LimitSpec
  /** Units that crowding is counted in, and declared units a millisecond. */
  readonly unit: number
  readonly rate: number
  /** Answers and refusals by how crowded the request was; older ones count for less. */
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

/** Crowding of a request in units is sorted into bins whose edges grow by a third of an octave. */
const BINS = 44
const FIRST_EDGE = 0.06
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
/** A part of the window that lets most requests pass is not worth keeping to. */
const LEAST_SHARE = 0.2
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

export function createHabit(spec: LimitSpec, now: number): Habit {
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
export function paceWait(habit: Habit, load: number, units: number): number {
  if (habit.most === Infinity) return 0
  const excess = crowding(habit, load, units) - Math.max(habit.most, crowding(habit, 0, units))
  return excess <= 1e-9 ? 0 : (excess * habit.unit) / (habit.rate * habit.speed)
}

/** How crowded a request of `units` is, `load` units having been taken ahead of the rate before it. */
export function crowding({ unit, spec }: Habit, load: number, units: number): number {
  return Math.max(0, spec.metric === 'requests' ? load : (load + units - unit) / unit)
}

function binOf(crowd: number): number {
  if (crowd < FIRST_EDGE) return 0
  return Math.min(BINS - 1, 1 + Math.floor(3 * Math.log2(crowd / FIRST_EDGE)))
}

function edgeOf(bin: number): number {
  return FIRST_EDGE * 2 ** ((bin - 1) / 3)
}

export function noteAccepted(habit: Habit, crowd: number, now: number): void {
  age(habit, now)
  const bin = binOf(crowd)
  habit.accepted[bin] = (habit.accepted[bin] ?? 0) + 1
  if (crowd <= habit.most) habit.kept++
}

/** Notes a refusal, and judges anew. Returns whether crowding explains it: true, false, or undefined while that is open. */
export function noteRefused(habit: Habit, crowd: number, now: number): boolean | undefined {
  age(habit, now)
  const bin = binOf(crowd)
  habit.refused[bin] = (habit.refused[bin] ?? 0) + 1
  habit.seen++
  const before = habit.most
  if (before < Infinity && crowd <= before && isRefuted(habit)) {
    forget(habit)
    return false
  }
  const found = judge(habit)
  if (found > 0) {
    const most = edgeOf(found)
    if (crowd >= Math.min(most, before) * 0.9) cut(habit, Math.min(most, before), now)
    // Already at one at a time, and still they collide: a little slower.
    if (crowd <= before && before <= 1 && crowd > 0 && habit.speed > SLOWEST) {
      habit.speed = Math.max(SLOWEST, habit.speed - SLOWER)
      habit.kept = habit.broken = 0
    }
    return crowd >= most * 0.9
  }
  if (before < Infinity) {
    // What was believed no longer explains what is seen.
    if (crowd < before) return false
    cut(habit, before / RELAX, now)
    return true
  }
  return crowd >= UNSURE && habit.seen < FEW ? undefined : false
}

/** Under a true belief far fewer are refused than without it. */
function isRefuted(habit: Habit): boolean {
  habit.broken++
  return habit.broken >= BROKEN && habit.broken / (habit.broken + habit.kept) > NO_BETTER * habit.share
}

/** What was believed has been tried, and refusals came as before: they have another reason. */
function forget(habit: Habit): void {
  habit.most = Infinity
  habit.speed = 1
  habit.hold = FIRST_HOLD / 2
  habit.convinced = Math.min(MOST_CONVINCED, habit.convinced + ONCE_BITTEN)
  habit.accepted.fill(0)
  habit.refused.fill(0)
}

function cut(habit: Habit, most: number, now: number): void {
  if (habit.most === Infinity) habit.share = sum(habit.refused) / Math.max(1, sum(habit.refused) + sum(habit.accepted))
  if (most < habit.most) habit.kept = habit.broken = 0
  habit.most = most
  if (now - habit.cutAt > RELAX_EVERY / 5) habit.hold = Math.min(LONGEST_HOLD, habit.hold * 2)
  habit.cutAt = now
  habit.grewAt = now
}

/** Lets requests crowd a little more from time to time, so that a belief that no longer holds is found out. */
export function relax(habit: Habit, now: number): void {
  if (habit.most === Infinity && habit.speed === 1) return
  if (now - habit.cutAt < habit.hold || now - habit.grewAt < RELAX_EVERY) return
  habit.grewAt = now
  habit.speed = Math.min(1, habit.speed + SLOWER / 3)
  habit.most *= RELAX
  if (habit.most * habit.unit < habit.spec.amount) return
  habit.most = Infinity
  habit.hold = FIRST_HOLD / 2
}

/** The bin from which on requests are refused that pass below it; 0 where chance explains the refusals as well. */
function judge({ accepted, refused, convinced }: Habit): number {
  const allRefused = sum(refused)
  const allAccepted = sum(accepted)
  const chance = likelihood(allRefused, allAccepted)
  let best = 0
  let most = convinced
  let above = 0
  let passed = 0
  for (let bin = BINS - 1; bin > 0; bin--) {
    above += refused[bin] ?? 0
    passed += accepted[bin] ?? 0
    const share = above / (above + passed)
    const below = (allRefused - above) / Math.max(1e-9, allRefused - above + allAccepted - passed)
    // One refusal proves nothing.
    if (above < 1.5 || share < LEAST_SHARE || share < 2 * below) continue
    const gain = likelihood(above, passed) + likelihood(allRefused - above, allAccepted - passed) - chance
    if (gain <= most) continue
    most = gain
    best = bin
  }
  return best
}

function likelihood(refused: number, accepted: number): number {
  const all = refused + accepted
  return part(refused, all) + part(accepted, all)
}

function part(count: number, all: number): number {
  return count > 1e-9 ? count * Math.log(count / all) : 0
}

function age(habit: Habit, now: number): void {
  const elapsed = now - habit.agedAt
  if (elapsed < AGE_STEP) return
  habit.agedAt = now
  const left = 0.5 ** (elapsed / HALF_LIFE)
  habit.convinced = CONVINCED + (habit.convinced - CONVINCED) * left
  for (let bin = 0; bin < BINS; bin++) {
    habit.accepted[bin] = (habit.accepted[bin] ?? 0) * left
    habit.refused[bin] = (habit.refused[bin] ?? 0) * left
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** For people; empty where nothing is believed. */
export function habitReason({ most, unit, spec, speed }: Habit): string {
  if (most === Infinity) return ''
  const rate = ((spec.amount * speed) / spec.period) * 1000
  const burst = spec.metric === 'requests' ? Math.floor(most + 1) : Math.round(most * unit)
  return `refused when crowded: at most ${burst} at once, then ${Number(rate.toPrecision(3))} a second`
}
