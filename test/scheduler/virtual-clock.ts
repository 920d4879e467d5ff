/** A clock that stands still until it is told to go on. */
import type { Clock } from '../../src/scheduler/clock.ts'

export interface VirtualClock extends Clock {
  /** Runs every timer that is due within the next `ms`, in order, letting promises settle after each. */
  advance(ms: number): Promise<void>
  /** Sets the wall clock on or back by `ms`; time itself goes on as before. */
  jump(ms: number): void
  /** Timers that are set and would keep a process alive, and those that would not. */
  readonly timers: number
  readonly idleTimers: number
}

export function virtualClock(wall = Date.UTC(2026, 0, 15, 12)): VirtualClock {
  let time = 0
  let offset = wall
  let timers: { at: number; fn: () => void; alive: boolean }[] = []

  return {
    now: () => time,
    wall: () => offset + time,
    setTimer(at, fn, alive = true) {
      const timer = { at, fn, alive }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async advance(ms) {
      const until = time + ms
      await settled()
      for (;;) {
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((other) => other !== next)
        time = Math.max(time, next.at)
        next.fn()
        await settled()
      }
      time = until
    },
    jump(ms) {
      offset += ms
    },
    get timers() {
      return timers.filter(({ alive }) => alive).length
    },
    get idleTimers() {
      return timers.filter(({ alive }) => !alive).length
    },
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve()
}
