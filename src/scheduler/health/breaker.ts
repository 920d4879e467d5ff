/** Stops asking where most answers are faults: one circuit breaker for each key and model. */

import { UNTIL_EVENT } from '../limits/window.ts'

/** Of the last ten answers five were faults, or three in a row: open. */
const WINDOW = 10
const FAULTS = 5
const IN_A_ROW = 3
const FIRST_PAUSE = 5000
const LONGEST_PAUSE = 30_000

export interface Breaker {
  /** The last answers, one bit each, 1 a fault; the youngest is the lowest bit. */
  history: number
  /** Whose request met the last fault: its retries meet the same, and are no second one. */
  origin: string | object | undefined
  /** Closed when 0; else half-open from then on (monotonic ms). */
  openUntil: number
  /** Openings in a row, each twice as long. */
  openings: number
  /** A real request is out to see whether it works again. */
  probing: boolean
}

export function createBreaker(): Breaker {
  return { history: 0, origin: undefined, openUntil: 0, openings: 0, probing: false }
}

/** Milliseconds until a request may go; `UNTIL_EVENT` while a probe is out. */
export function breakerWait(breaker: Breaker, now: number): number {
  if (breaker.openUntil === 0) return 0
  if (now < breaker.openUntil) return breaker.openUntil - now
  return breaker.probing ? UNTIL_EVENT : 0
}

/** A request leaves: in half-open state it is the probe. Tells whether it is. */
export function beginProbe(breaker: Breaker): boolean {
  if (breaker.openUntil === 0) return false
  breaker.probing = true
  return true
}

export function recordSuccess(breaker: Breaker, probe: boolean): void {
  breaker.history = (breaker.history << 1) & (2 ** WINDOW - 1)
  breaker.origin = undefined
  if (!probe) return
  breaker.probing = false
  breaker.openUntil = 0
  breaker.openings = 0
  breaker.history = 0
}

/**
 * @param origin the client's request, which may be tried several times
 * @param longest milliseconds that it may stay open
 */
export function recordFault(
  breaker: Breaker,
  probe: boolean,
  origin: string | object,
  now: number,
  longest = LONGEST_PAUSE,
): void {
  if (probe) breaker.probing = false
  // Answers to requests that left before it opened say nothing new.
  else if (breaker.openUntil > 0 || breaker.origin === origin) return
  breaker.origin = origin
  breaker.history = ((breaker.history << 1) | 1) & (2 ** WINDOW - 1)
  const row = 2 ** IN_A_ROW - 1
  if (!probe && bits(breaker.history) < FAULTS && (breaker.history & row) !== row) return
  breaker.openUntil = now + Math.min(longest, LONGEST_PAUSE, FIRST_PAUSE * 2 ** breaker.openings)
  breaker.openings++
}

/** The probe ended without telling: the next request is the probe. */
export function abandonProbe(breaker: Breaker): void {
  breaker.probing = false
}

function bits(value: number): number {
  let count = 0
  for (let rest = value; rest; rest &= rest - 1) count++
  return count
}
