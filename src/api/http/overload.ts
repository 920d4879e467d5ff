/** Tells when this process runs late, so that new work is refused before all of it becomes slow. */

export interface Overload {
  /** Has every one of the last moments run later than the limit? */
  isOver(): boolean
  close(): void
}

/** Milliseconds between two looks, and how many of them must all be late: one long task is no overload. */
const EVERY = 100
const LOOKS = 3

/** @param limit milliseconds; 0: never overloaded */
export function createOverload(limit: number, now: () => number = () => performance.now()): Overload {
  if (limit === 0) return { isOver: () => false, close: () => {} }
  let late = 0
  let due = now() + EVERY
  const timer = setInterval(() => {
    const time = now()
    late = time - due > limit ? late + 1 : 0
    due = time + EVERY
  }, EVERY).unref()
  return { isOver: () => late >= LOOKS, close: () => clearInterval(timer) }
}
