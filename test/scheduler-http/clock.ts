/** Times other than the machine's own. */
import { realClock, type Clock } from '../../src/scheduler/clock.ts'

/** A clock that shows `start` (milliseconds since 1970) now, and goes on from there. */
export function clockAt(start: number): Clock {
  const offset = start - Date.now()
  return { ...realClock, wall: () => Date.now() + offset }
}

/** Milliseconds between two looks at the machine's clock, and the most that may pass between them. */
const LOOK = 2
const LONGEST = 5

/** A clock that can be waited for. */
export interface TestClock extends Clock {
  sleep(milliseconds: number): Promise<void>
  stop(): void
}

/**
 * Real time, but for the moments in which a busy machine runs other programs: those do not count. Without them a request
 * could be held up on its way through this one process for longer than any network would hold it.
 */
export function steadyClock(start: number = Date.now()): TestClock {
  let time = 0
  let last = performance.now()
  const now = (): number => {
    const real = performance.now()
    time += Math.min(real - last, LONGEST)
    last = real
    return time
  }
  const looking = setInterval(now, LOOK)
  const setTimer: Clock['setTimer'] = (at, fn) => {
    let timer: NodeJS.Timeout
    const arm = (): void => {
      timer = setTimeout(() => (now() < at ? arm() : fn()), Math.max(1, Math.ceil(at - now())))
    }
    arm()
    return () => clearTimeout(timer)
  }
  return {
    now,
    wall: () => start + now(),
    setTimer,
    sleep: (milliseconds) => new Promise((resolve) => void setTimer(now() + milliseconds, resolve)),
    stop: () => clearInterval(looking),
  }
}

/** The machine's own time. */
export function machineClock(): TestClock {
  const { now, setTimer } = realClock
  return {
    ...realClock,
    sleep: (milliseconds) => new Promise((resolve) => void setTimer(now() + milliseconds, resolve)),
    stop: () => {},
  }
}

/** Time that goes on only where it is waited for, so that however busy the machine is nothing comes late. */
export function steppedClock(start: number = Date.now()): TestClock {
  let time = 0
  const timers = new Set<{ at: number; fn: () => void }>()
  return {
    now: () => time,
    wall: () => start + time,
    setTimer(at, fn) {
      const timer = { at, fn }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    sleep(milliseconds) {
      time += milliseconds
      for (const timer of [...timers].filter(({ at }) => at <= time).toSorted((a, b) => a.at - b.at)) {
        timers.delete(timer)
        timer.fn()
      }
      return Promise.resolve()
    },
    stop: () => {},
  }
}
