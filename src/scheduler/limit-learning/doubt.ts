/**
 * What was told, and would rest a key for longer than minutes, may be wrong: a spent day, a reset in a year, a count that
 * is not ours. It is believed, and asked about: one request tries after a minute, then after two, four and eight. The
 * first one that is answered ends the rest.
 */

/** Rests that end sooner, in milliseconds, end by themselves. */
export const UNDOUBTED = 8 * 60_000
const FIRST = 60_000
const LONGEST = 8 * 60_000

export interface Doubt {
  /** When it was last told (monotonic ms): answers to requests that left before prove nothing. */
  since: number
  /** The next request may ask from then on, and how many have. */
  at: number
  times: number
}

/** `before` is the doubt of the same rest, which has been told once more. */
export function doubt(before: Doubt | undefined, now: number): Doubt {
  const times = before?.times ?? 0
  return { since: now, at: Math.max(before?.at ?? 0, now + pauseOf(times)), times }
}

/** May a request ask now? */
export function mayAsk(held: Doubt | undefined, now: number): boolean {
  return held !== undefined && held.at <= now
}

/** A request leaves that asks: the next one waits for its answer, and then for longer. */
export function ask(held: Doubt, now: number): void {
  held.times++
  held.at = now + pauseOf(held.times)
}

/** Does the answer to a request that left at `sent` refute what was told? */
export function refutes(held: Doubt | undefined, sent: number): boolean {
  return held !== undefined && sent > held.since
}

function pauseOf(times: number): number {
  return Math.min(LONGEST, FIRST * 2 ** Math.min(times, 20))
}
