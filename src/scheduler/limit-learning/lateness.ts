/**
 * Requests arrive later than they leave, and not all by the same time. The place of one that arrived late comes free
 * later than it is counted here, and who takes it at once is refused, though the limit is as declared. So of a window that
 * is used to its last place, a few refusals among many that pass are no lower limit: its places are left alone for a
 * little longer. Where the last place is refused each time, the limit is lower.
 */

export interface Lateness {
  /** Of requests that took the last place: how many were let in of late, and how many were not. */
  passed: number
  refused: number
  /** Milliseconds that places are left alone for longer than the window. */
  extra: number
}

/** So much of what was declared is believed before anything is seen: that many have passed. */
const BELIEVED = 5
/** More than this part refused is a lower limit, where nothing else is known. */
const MOST_REFUSED = 0.25
/** Each that takes the last place makes earlier ones count so much less. */
const FADE = 0.98
/** The part of those that take a last place that may be refused: fewer cost more in waiting than they are worth. */
const TOLERATED = 0.02
/** By how much a refusal moves the extra time, and the most that it can be, as parts of the window. */
const STEP = 1 / 600
const MOST = 1 / 100

export function createLateness(): Lateness {
  return { passed: BELIEVED, refused: 0, extra: 0 }
}

/** Who took a last place was let in. */
export function noteOnTime(lateness: Lateness, period: number): void {
  lateness.passed = lateness.passed * FADE + 1
  lateness.refused *= FADE
  lateness.extra = Math.max(0, lateness.extra - TOLERATED * STEP * period)
}

/** It was refused. Does it explain that, that another had arrived late? */
export function noteLate(lateness: Lateness, period: number, most = MOST_REFUSED): boolean {
  lateness.passed *= FADE
  lateness.refused = lateness.refused * FADE + 1
  if (lateness.refused > most * (lateness.refused + lateness.passed)) return false
  lateness.extra = Math.min(MOST * period, lateness.extra + (1 - TOLERATED) * STEP * period)
  return true
}
