/** The four shapes in which providers count, each exact: no rounding and no grace. */
import { calendarWindow } from './calendar.ts'
import type { EnforcedLimit, Window } from './types.ts'

export function windowOf(limit: EnforcedLimit): Window {
  if (limit.metric === 'concurrency') return concurrency(limit.amount)
  switch (limit.shape ?? 'bucket') {
    case 'bucket':
      return bucket(limit.amount, limit.period, limit.burst ?? limit.amount)
    case 'sliding':
      return sliding(limit.amount, limit.period)
    case 'fixed':
      return aligned(limit.amount, (now) => {
        const start = Math.floor(now / limit.period) * limit.period
        return { start, end: start + limit.period }
      })
    case 'calendar': {
      const resets = limit.resets ?? { unit: 'day', at: '00:00', zone: 'UTC' }
      return aligned(limit.amount, (now) => calendarWindow(resets, now))
    }
  }
}

/** Levels that rounding made a hair too small still admit. */
const HAIR = 1e-6

function bucket(amount: number, period: number, capacity: number): Window {
  const rate = amount / period
  let level = capacity
  let at = Number.NEGATIVE_INFINITY
  const refill = (now: number): void => {
    // A clock that jumps back refills nothing, and takes nothing away.
    if (now > at) level = at === Number.NEGATIVE_INFINITY ? capacity : Math.min(capacity, level + (now - at) * rate)
    at = now
  }
  return {
    take(taken, now) {
      refill(now)
      level -= taken
    },
    give(given, _taken, now) {
      refill(now)
      level = Math.min(capacity, level + given)
    },
    remaining(now) {
      refill(now)
      return level
    },
    wait(wanted, now) {
      refill(now)
      if (wanted > capacity) return Number.POSITIVE_INFINITY
      return level + HAIR >= wanted ? 0 : (wanted - level) / rate
    },
    untilFull(now) {
      refill(now)
      return (capacity - level) / rate
    },
  }
}

function sliding(amount: number, period: number): Window {
  const entries: { at: number; amount: number }[] = []
  let used = 0
  const forget = (now: number): void => {
    let gone = 0
    while ((entries[gone]?.at ?? Number.POSITIVE_INFINITY) <= now - period) used -= entries[gone++]?.amount ?? 0
    entries.splice(0, gone)
    if (entries.length === 0) used = 0
  }
  return {
    take(taken, now) {
      forget(now)
      entries.push({ at: now, amount: taken })
      used += taken
    },
    give(given, taken, now) {
      forget(now)
      const entry = entries.find((entry) => entry.at === taken && entry.amount >= given)
      if (!entry) return
      entry.amount -= given
      used -= given
    },
    remaining(now) {
      forget(now)
      return amount - used
    },
    wait(wanted, now) {
      forget(now)
      if (wanted > amount) return Number.POSITIVE_INFINITY
      let left = used
      for (const entry of [undefined, ...entries]) {
        left -= entry?.amount ?? 0
        if (left + wanted <= amount + HAIR) return entry ? entry.at + period - now : 0
      }
      return 0
    },
    untilFull(now) {
      forget(now)
      const last = entries.at(-1)
      return last ? last.at + period - now : 0
    },
  }
}

/** Windows that follow one another, each with the whole amount. */
function aligned(amount: number, windowAt: (now: number) => { start: number; end: number }): Window {
  let window = { start: Number.NEGATIVE_INFINITY, end: Number.NEGATIVE_INFINITY }
  let used = 0
  const turn = (now: number): void => {
    if (now >= window.start && now < window.end) return
    window = windowAt(now)
    used = 0
  }
  return {
    take(taken, now) {
      turn(now)
      used += taken
    },
    give(given, taken, now) {
      turn(now)
      if (taken >= window.start) used -= given
    },
    remaining(now) {
      turn(now)
      return amount - used
    },
    wait(wanted, now) {
      turn(now)
      if (wanted > amount) return Number.POSITIVE_INFINITY
      return used + wanted <= amount + HAIR ? 0 : window.end - now
    },
    untilFull(now) {
      turn(now)
      return used > 0 ? window.end - now : 0
    },
  }
}

/** Nobody can say when a running request will end: a wait of one second stands for "soon". */
const SOON = 1000

function concurrency(amount: number): Window {
  let running = 0
  return {
    take: (taken) => void (running += taken),
    give: (given) => void (running -= given),
    remaining: () => amount - running,
    wait: (wanted) => (running + wanted <= amount ? 0 : SOON),
    untilFull: () => (running > 0 ? SOON : 0),
  }
}
