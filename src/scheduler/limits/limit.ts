/** One limit of one scope: its window, what is known of it, and until when its provider has refused it. */
import type { LimitSpec } from '../types.ts'
import type { Doubt } from '../limit-learning/doubt.ts'
import { doubt, mayAsk, UNDOUBTED } from '../limit-learning/doubt.ts'
import type { EnforcementBelief } from '../limit-learning/enforcement-belief.ts'
import { paceWait } from '../limit-learning/enforcement-belief.ts'
import type { Lateness } from '../limit-learning/lateness.ts'
import type { Trials } from '../limit-learning/trials.ts'
import { Bucket } from './bucket.ts'
import { calendarFrame, periodicFrame } from './calendar.ts'
import { Concurrency } from './concurrency.ts'
import type { Demand } from './request-cost.ts'
import { needOf } from './request-cost.ts'
import { Fixed } from './fixed.ts'
import type { Frame } from './fixed.ts'
import { Sliding } from './sliding.ts'
import type { ToWall, Window } from './window.ts'
import { EPSILON } from './window.ts'

/** What experience has taught about a limit; absent until there is any. */
export interface Learnt {
  /** Why, for people: `a header said 42`. */
  reason: string
  /** Monotonic ms of the last cut, and how long to hold before growing again. */
  cutAt: number
  hold: number
  /** When it last grew, and the share of the declared amount by which it grows next. */
  grewAt: number
  step: number
  /** Share of a stated amount that is ours, where others use the scope too; 1 is all. */
  share: number
  /** When and at which count of accepted units the bucket was last found empty. */
  emptyAt: number
  emptyTaken: number
  /** Refusals that fit a lower limit since the last cut, and when the last one came. */
  strikes: number
  struckAt: number
}

export interface Limit {
  readonly spec: LimitSpec
  window: Window
  /** The amount of all of it, while the window is cut down to this replica's share: what providers tell and refuse is of that. */
  whole: number | undefined
  /** Everything ever charged, in units: tells how much was taken since some moment. */
  taken: number
  /** Declared units a millisecond; 0 where the window is too long, or none, for its pace to matter. */
  readonly rate: number
  /** Units that were taken ahead of the declared rate, and when that was so: how crowded requests are. */
  load: number
  loadAt: number
  /** The same, and no less than a refusal has shown: what requests are paced by. */
  pressure: number
  /** How its provider enforces limits of this kind, once a refusal has raised the question. */
  belief: EnforcementBelief | undefined
  /** Shared with those of its kind that were cut; absent until it was. */
  trials: Trials<Limit> | undefined
  /** Share of the requests of late that kept to that and were refused. */
  strain: number
  /** Whether requests of a window that is used to its last place arrive late; absent until one was refused there. */
  lateness: Lateness | undefined
  /** When to ask next when a fixed window begins (monotonic ms), Infinity once a refusal has told; absent where nobody may ask. */
  startAskAt: number | undefined
  /** When the provider said that nothing was left though this window had room; absent once that is understood. */
  spentAt: number | undefined
  /** The provider refuses this dimension until then (monotonic ms). */
  until: number
  /** Of a long window: units that were not ours by our own count, the mark of when they were charged, and how far that is believed. */
  hearsay: number
  heardAt: number
  doubt: Doubt | undefined
  learnt: Learnt | undefined
  /** Answers in a row that state more than was declared, and count no more than we do. */
  agreed: number
  /** Learnt from the provider; nobody declared it. */
  undeclared: boolean
}

/** Milliseconds: of longer windows nobody enforces a part. */
export const LONGEST_PACED = 3_600_000

const frames = new Map<string, Frame>()

function frameOf(resets: NonNullable<LimitSpec['resets']>): Frame {
  const name = `${resets.unit} ${resets.at} ${resets.zone}`
  let frame = frames.get(name)
  if (!frame) frames.set(name, (frame = calendarFrame(resets)))
  return frame
}

/** `phase` is a wall-clock instant at which a fixed window begins, where a provider has told it. */
export function windowOf(spec: LimitSpec, amount: number, toWall: ToWall, now: number, phase?: number): Window {
  if (spec.metric === 'concurrency') return new Concurrency(amount)
  if (spec.resets) return new Fixed(amount, spec.period, frameOf(spec.resets), toWall)
  if (spec.shape === 'bucket') return new Bucket(amount, spec.period, toWall, now, spec.burst)
  // A day that begins we know not when is taken to begin at midnight UTC; of a shorter window we must hear the phase.
  if (spec.shape === 'calendar') return new Fixed(amount, spec.period, periodicFrame(spec.period, 0), toWall)
  if (spec.shape === 'fixed' && phase !== undefined) {
    return new Fixed(amount, spec.period, periodicFrame(spec.period, phase), toWall)
  }
  return new Sliding(amount, spec.period, toWall)
}

export function createLimit(spec: LimitSpec, toWall: ToWall, now: number): Limit {
  return {
    spec,
    window: windowOf(spec, spec.amount, toWall, now),
    whole: undefined,
    taken: 0,
    rate: spec.period > 0 && spec.period <= LONGEST_PACED ? spec.amount / spec.period : 0,
    load: 0,
    pressure: 0,
    loadAt: now,
    belief: undefined,
    trials: undefined,
    strain: 0,
    lateness: undefined,
    startAskAt: mayAskStart(spec) ? -Infinity : undefined,
    spentAt: undefined,
    until: 0,
    hearsay: 0,
    heardAt: 0,
    doubt: undefined,
    learnt: undefined,
    agreed: 0,
    undeclared: false,
  }
}

/** Is it a count from boundaries that the provider has yet to tell, and so short that it is worth asking? */
function mayAskStart({ shape, resets, period }: LimitSpec): boolean {
  return shape === 'fixed' && !resets && period <= LONGEST_PACED
}

/** `requests/60000`: names a limit inside its scope. */
export function limitId({ metric, period }: LimitSpec): string {
  return `${metric}/${period}`
}

/** Milliseconds until a limit admits a demand; `null` asks for the smallest demand there is. */
export function waitOf(limit: Limit, demand: Demand | null, now: number): number {
  const units = demand ? needOf(limit.spec, demand) : unitOf(limit.spec)
  const asks = mayAsk(limit.doubt, now)
  let wait = asks && limit.window.room(now) + limit.hearsay >= units ? 0 : limit.window.wait(now, units)
  if (limit.belief) wait = Math.max(wait, paceWait(limit.belief, pressureOf(limit, now), units))
  return limit.until > now && !asks ? Math.max(wait, limit.until - now) : wait
}

/** The provider says that so little is free. In a window that takes long to empty, that is hearsay. */
export function lowerTo(limit: Limit, room: number, now: number): void {
  const before = limit.window.room(now)
  limit.window.lower(now, room)
  hear(limit, before - limit.window.room(now), now)
}

/** Units were charged that nobody here has asked for. */
export function hear(limit: Limit, units: number, now: number): void {
  if (limit.spec.period <= UNDOUBTED || !(units > EPSILON)) return
  limit.hearsay += units
  // Nothing is taken: a window tells how it marks this moment.
  limit.heardAt = limit.window.take(now, 0)
  limit.doubt = doubt(limit.doubt, now)
}

/** A request was answered that left after what was told: it was wrong. */
export function acquitLimit(limit: Limit, now: number): void {
  limit.until = Math.min(limit.until, now)
  if (limit.hearsay > 0) limit.window.give(now, limit.hearsay, limit.heardAt)
  limit.hearsay = 0
  limit.doubt = undefined
}

/** Units taken ahead of the declared rate. */
export function loadOf(limit: Limit, now: number): number {
  return Math.max(0, limit.load - drained(limit, now))
}

function pressureOf(limit: Limit, now: number): number {
  return Math.max(0, limit.pressure - drained(limit, now))
}

function drained({ loadAt, rate, belief }: Limit, now: number): number {
  return (now - loadAt) * rate * (belief?.speed ?? 1)
}

/** A refusal has shown that it holds so much, whatever was counted here: later ones are judged by that, too. */
export function press(limit: Limit, units: number, now: number): void {
  limit.pressure = Math.max(pressureOf(limit, now), units)
  limit.load = Math.max(loadOf(limit, now), units)
  limit.loadAt = now
}

export function take(limit: Limit, units: number, now: number): number {
  limit.taken += units
  if (limit.rate > 0) {
    limit.pressure = pressureOf(limit, now) + units
    limit.load = loadOf(limit, now) + units
    limit.loadAt = now
  }
  return limit.window.take(now, units)
}

export function give(limit: Limit, units: number, mark: number, now: number): void {
  limit.taken -= units
  if (limit.rate > 0) {
    limit.load = Math.max(0, limit.load - units)
    limit.pressure = Math.max(0, limit.pressure - units)
  }
  limit.window.give(now, units, mark)
}

/** Another amount: of a window that is cut down, once it is whole again. */
export function resize(limit: Limit, amount: number, now: number): void {
  if (limit.whole === undefined) limit.window.resize(now, amount)
  else limit.whole = amount
}

/** The least that a request may cost. Money is counted in dollars, and a request costs far less than one. */
function unitOf(spec: LimitSpec): number {
  return spec.metric === 'usd' || spec.metric === 'neurons' ? 1e-9 : 1
}
