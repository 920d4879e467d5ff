/** How a provider counts against a limit: the four shapes, from the provider's side of the wire. */
import type { Frame } from '../limits/fixed.ts'

/** What a `take` needs to be given back. */
export type Receipt = number | { amount: number; at: number } | undefined

export interface Enforcement {
  /** Amount of the limit. */
  readonly limit: number
  /** Milliseconds from the start of a fixed window to the clock's zero; other shapes have no start. */
  readonly phase?: number
  /** Milliseconds until `amount` is admitted; 0 now, Infinity never. */
  wait(now: number, amount: number): number
  take(now: number, amount: number): Receipt
  /** Gives back what a reservation did not use; a window that has passed forgets it. */
  give(now: number, amount: number, receipt: Receipt): void
  remaining(now: number): number
}

const ROUNDING = 1e-9

/** Refills continuously, holds one period's worth or `burst`. Its level may go below zero. */
export function bucket(limit: number, period: number, burst = limit): Enforcement {
  const rate = limit / period
  let level = burst
  let seen = 0
  const advance = (now: number): void => {
    if (now <= seen) return
    level = Math.min(burst, level + (now - seen) * rate)
    seen = now
  }
  return {
    limit,
    wait(now, amount) {
      advance(now)
      if (level >= amount - ROUNDING) return 0
      return amount > burst + ROUNDING ? Infinity : (amount - level) / rate
    },
    take(now, amount) {
      advance(now)
      level -= amount
      return undefined
    },
    give(now, amount) {
      advance(now)
      level = Math.min(burst, level + amount)
    },
    remaining(now) {
      advance(now)
      return level
    },
  }
}

/** Starts again at 0 every `period`, the first time `phase` before the clock's zero. */
export function fixedWindow(limit: number, period: number, phase = 0): Enforcement {
  return { ...framed(limit, (now) => frameAt(now + phase, period, phase)), phase }
}

/** Starts again at 0 on the frame's boundaries; `epoch` is the wall-clock time at the clock's zero. */
export function calendarWindow(limit: number, frame: Frame, epoch: number): Enforcement {
  return framed(limit, (now) => {
    const { start, end } = frame(epoch + now)
    return { start: start - epoch, end: end - epoch }
  })
}

function frameAt(shifted: number, period: number, phase: number): { start: number; end: number } {
  const index = Math.floor(shifted / period)
  return { start: index * period - phase, end: (index + 1) * period - phase }
}

function framed(limit: number, frame: (now: number) => { start: number; end: number }): Enforcement {
  let window = { start: Number.NaN, end: -Infinity }
  let used = 0
  const advance = (now: number): void => {
    const current = frame(now)
    if (current.start === window.start) return
    window = current
    used = 0
  }
  return {
    limit,
    wait(now, amount) {
      advance(now)
      if (used + amount <= limit + ROUNDING) return 0
      return amount > limit ? Infinity : window.end - now + 1
    },
    take(now, amount) {
      advance(now)
      used += amount
      return window.start
    },
    give(now, amount, receipt) {
      advance(now)
      if (receipt === window.start) used -= amount
    },
    remaining(now) {
      advance(now)
      return limit - used
    },
  }
}

/** Never more than `limit` in any `period`: the strictest shape. */
export function slidingWindow(limit: number, period: number): Enforcement {
  const entries: { amount: number; at: number }[] = []
  let first = 0
  let sum = 0
  const advance = (now: number): void => {
    for (let entry = entries[first]; entry !== undefined && entry.at <= now - period; entry = entries[first]) {
      sum -= entry.amount
      first += 1
    }
    if (first === entries.length) sum = 0
    if (first < 1024) return
    entries.splice(0, first)
    first = 0
  }
  return {
    limit,
    wait(now, amount) {
      advance(now)
      const excess = sum + amount - limit
      if (excess <= ROUNDING) return 0
      if (amount > limit) return Infinity
      let freed = 0
      for (let index = first; index < entries.length; index++) {
        const entry = entries[index]
        if (entry === undefined) break
        freed += entry.amount
        if (freed >= excess - ROUNDING) return entry.at + period - now + 0.1
      }
      return Infinity
    },
    take(now, amount) {
      advance(now)
      const entry = { amount, at: now }
      entries.push(entry)
      sum += amount
      return entry
    },
    give(_now, amount, receipt) {
      const oldest = entries[first]
      if (typeof receipt !== 'object' || oldest === undefined || receipt.at < oldest.at) return
      receipt.amount -= amount
      sum -= amount
    },
    remaining(now) {
      advance(now)
      return limit - sum
    },
  }
}

/** At most `limit` at the same time; what is taken is given back when the request ends. */
export function concurrency(limit: number): Enforcement {
  let running = 0
  return {
    limit,
    wait: () => (running < limit ? 0 : 1000),
    take() {
      running += 1
      return undefined
    },
    give() {
      running -= 1
    },
    remaining: () => limit - running,
  }
}
