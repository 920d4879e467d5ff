/**
 * Do requests still come too fast that keep to the finer part of a limit that is believed in? Where they are refused again
 * and again, the part may be true as well, but the rate is lower than declared. Each limit tells of its own: those of the
 * other keys may have been cut already.
 */
import type { Limit } from '../limits/limit.ts'

/** So large a part refused of late, each request counting so much. */
const TOO_FAST = 0.13
const OF_LATE = 0.05

/** A request was let in. */
export function ease(limit: Limit): void {
  limit.strain -= OF_LATE * limit.strain
}

/** One was refused that kept to what is believed. */
export function strain(limit: Limit): void {
  limit.strain += OF_LATE * (1 - limit.strain)
}

export function isTooFast(limit: Limit): boolean {
  return limit.strain > TOO_FAST
}
