/** Counts round trips to the ledger, and how long they took. */
import type { Clock } from '../scheduler/clock.ts'

export interface RoundTrips {
  /** Counts one; passes its outcome on. */
  timed<T>(call: Promise<T>): Promise<T>
  count(): number
  /** Of the last one, in milliseconds. */
  last(): number
  /** How many took so many seconds at most (`ROUND_TRIP_BOUNDS`), how many longer, and the sum of all. */
  seconds(): number[]
}

/** Seconds. */
export const ROUND_TRIP_BOUNDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5]

export function createRoundTrips(clock: Clock): RoundTrips {
  const seconds = Array.from({ length: ROUND_TRIP_BOUNDS.length + 2 }, () => 0)
  const add = (index: number, by: number): void => void (seconds[index] = (seconds[index] ?? 0) + by)
  let count = 0
  let last = 0
  return {
    async timed(call) {
      const sent = clock.now()
      count++
      try {
        return await call
      } finally {
        last = clock.now() - sent
        const bucket = ROUND_TRIP_BOUNDS.findIndex((bound) => last <= bound * 1000)
        add(bucket < 0 ? ROUND_TRIP_BOUNDS.length : bucket, 1)
        add(ROUND_TRIP_BOUNDS.length + 1, last / 1000)
      }
    },
    count: () => count,
    last: () => last,
    seconds: () => [...seconds],
  }
}
