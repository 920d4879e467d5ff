/** Time as the scheduler sees it: given from outside, so that tests and plans run a day in a second. */
export interface Clock {
  /** Monotonic milliseconds; never steps back. */
  now(): number
  /** Milliseconds since 1970; may jump when the machine's clock is set. */
  wall(): number
  /**
   * Calls `fn` once `now()` has reached `at` (monotonic milliseconds). Returns its cancellation. Such a timer keeps the
   * process alive, unless `alive` is false.
   */
  setTimer(at: number, fn: () => void, alive?: boolean): () => void
}

/** The longest delay that Node's timers take, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer(at, fn, alive = true) {
    let timer: NodeJS.Timeout
    const arm = () => {
      // Node's timers may fire up to a millisecond early, hence the rounding up and the check on arrival.
      const delay = Math.min(Math.max(Math.ceil(at - performance.now()), 0), LONGEST_DELAY)
      timer = setTimeout(() => (performance.now() < at ? arm() : fn()), delay)
      if (!alive) timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  },
}
