/** The machine's time, shown as another: a test can begin a second before midnight. */
import { realClock, type Clock } from '../../src/scheduler/clock.ts'

/** A clock that shows `start` (milliseconds since 1970) now, and goes on from there. */
export function clockAt(start: number): Clock {
  const offset = start - Date.now()
  return { ...realClock, wall: () => Date.now() + offset }
}
