import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Enforcement } from '../../../src/scheduler/simulator/enforcement.ts'
import {
  bucket,
  calendarWindow,
  concurrency,
  fixedWindow,
  slidingWindow,
} from '../../../src/scheduler/simulator/enforcement.ts'
import { calendarFrame } from '../../../src/scheduler/limits/calendar.ts'

const SHAPES: [name: string, make: (limit: number, period: number) => Enforcement][] = [
  ['bucket', bucket],
  ['fixed window', (limit, period) => fixedWindow(limit, period, 137)],
  ['sliding window', slidingWindow],
]

const steps = fc.array(fc.record({ pause: fc.nat(400), amount: fc.integer({ min: 1, max: 6 }) }), { maxLength: 60 })

describe.each(SHAPES)('a provider that enforces by %s', (_name, make) => {
  it('admits exactly when it said it would', () => {
    fc.assert(
      fc.property(steps, (visits) => {
        const limit = make(6, 1000)
        let now = 0
        for (const { pause, amount } of visits) {
          now += pause
          const wait = limit.wait(now, amount)
          if (wait > 1.2) expect(limit.wait(now + wait - 1.2, amount)).toBeGreaterThan(0)
          now += wait
          expect(limit.wait(now, amount)).toBe(0)
          limit.take(now, amount)
        }
      }),
    )
  })

  it('never admits more than the limit at once, nor what is larger than it', () => {
    const limit = make(6, 1000)
    expect(limit.wait(0, 7)).toBe(Infinity)
    limit.take(0, 6)
    expect(limit.remaining(0)).toBe(0)
    expect(limit.wait(0, 1)).toBeGreaterThan(0)
  })

  it('gives back what a reservation did not use', () => {
    const limit = make(6, 1000)
    const receipt = limit.take(0, 6)
    limit.give(10, 4, receipt)
    expect(limit.wait(10, 4)).toBe(0)
    expect(limit.wait(10, 4.2)).toBeGreaterThan(0)
  })
})

it('a sliding window never holds more than its limit in any stretch of its period', () => {
  fc.assert(
    fc.property(steps, (visits) => {
      const limit = slidingWindow(6, 1000)
      const taken: { at: number; amount: number }[] = []
      let now = 0
      for (const { pause, amount } of visits) {
        now += pause
        if (limit.wait(now, amount) > 0) continue
        limit.take(now, amount)
        taken.push({ at: now, amount })
        const recent = taken.filter(({ at }) => at > now - 1000)
        expect(recent.reduce((sum, each) => sum + each.amount, 0)).toBeLessThanOrEqual(6)
      }
    }),
  )
})

it('a day that ends at midnight in California starts anew then, also when its clocks change', () => {
  const epoch = Date.UTC(2026, 2, 8, 7, 0, 0)
  const hour = 3_600_000
  const day = calendarWindow(2, calendarFrame({ unit: 'day', at: '00:00', zone: 'America/Los_Angeles' }), epoch)
  day.take(0, 2)
  // 07:00 UTC is 23:00 there; the next day has only 23 hours.
  expect(day.wait(0, 1)).toBe(hour + 1)
  expect(day.wait(hour, 1)).toBe(0)
  day.take(hour, 2)
  expect(day.wait(hour, 1)).toBe(23 * hour + 1)
})

it('concurrency frees when a request ends', () => {
  const limit = concurrency(1)
  const receipt = limit.take(0, 1)
  expect(limit.wait(0, 1)).toBeGreaterThan(0)
  limit.give(5, 1, receipt)
  expect(limit.wait(5, 1)).toBe(0)
})
