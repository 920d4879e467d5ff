/** A window that is used to its last place, and requests that arrive later than they leave. */
import { describe, expect, it } from 'vitest'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'
import { slidingWindow } from '../../src/scheduler/simulator/enforcement.ts'
import { createLateness, noteLate, noteOnTime } from '../../src/scheduler/limit-learning/lateness.ts'
import { ask, provider, rpm, setUp } from './fixture.ts'

const MINUTE = 60_000
const DECLARED = 60

/**
 * One key that enforces `real` in a sliding window, and is asked for twice as much: what it served and refused in each
 * minute, and the amount that is believed in the end. `lateness` is how long a request takes to arrive.
 */
async function overload(minutes: number, real: number, lateness: () => number, saysWait = true) {
  const { scheduler, clock } = setUp([provider('p', [[rpm(DECLARED)]])])
  const upstream = slidingWindow(real, MINUTE)
  const seen = Array.from({ length: minutes }, () => ({ served: 0, refused: 0 }))
  for (let half = 0; half < minutes * 120; half++) {
    const minute = seen[Math.floor(half / 120)] as { served: number; refused: number }
    void scheduler.acquire(ask({ maxWait: 5000 })).then(
      (lease) => {
        clock.setTimer(clock.now() + lateness(), () => {
          const now = clock.now()
          const wait = upstream.wait(now, 1)
          if (wait > 0) {
            minute.refused++
            return lease.fail({ kind: 'rate_limit', started: false, ...(saysWait && { retryAfter: wait }) })
          }
          upstream.take(now, 1)
          minute.served++
          lease.settle({ input: 100, output: 10 })
        })
      },
      () => {},
    )
    await clock.advance(500)
  }
  return { seen, amount: scheduler.report().scopes[0]?.amount }
}

/** One in twenty is up to a second and a half late. */
const late = (seed: number) => {
  const { random } = seededChance(seed)
  return () => (random() < 0.05 ? 200 + 1300 * random() : 20 + 60 * random())
}

describe('a window that is used to its last place', () => {
  it('is not cut down where a few of its requests arrive late', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { seen, amount } = await overload(30, DECLARED, late(seed))
      expect(amount).toBe(DECLARED)
      const later = seen.slice(1)
      const sum = (of: 'served' | 'refused') => later.reduce((all, each) => all + each[of], 0)
      expect(sum('served')).toBeGreaterThan(0.98 * later.length * DECLARED)
      expect(sum('refused')).toBeLessThan(0.05 * sum('served'))
    }
  })

  it('is cut down where the last place is refused each time', async () => {
    for (const saysWait of [true, false]) {
      const { seen } = await overload(30, DECLARED - 1, () => 50, saysWait)
      const refused = seen.slice(2).reduce((all, each) => all + each.refused, 0)
      expect(refused).toBeLessThan(0.06 * 28 * DECLARED)
    }
  })
})

describe('the extra time that places are left alone', () => {
  it('grows by refusals, is bounded, and is given back within minutes by who is let in', () => {
    const lateness = createLateness()
    for (let nth = 0; nth < 20; nth++) noteOnTime(lateness, MINUTE)
    expect(noteLate(lateness, MINUTE)).toBe(true)
    expect(lateness.extra).toBeCloseTo(98)
    for (let round = 0; round < 30; round++) {
      expect(noteLate(lateness, MINUTE)).toBe(true)
      for (let nth = 0; nth < 8; nth++) noteOnTime(lateness, MINUTE)
    }
    expect(lateness.extra).toBeGreaterThan(550)
    expect(lateness.extra).toBeLessThanOrEqual(600)
    for (let nth = 0; nth < 5 * DECLARED; nth++) noteOnTime(lateness, MINUTE)
    expect(lateness.extra).toBe(0)
  })

  it('is no explanation of refusals that are a quarter of what is tried', () => {
    const lateness = createLateness()
    expect(noteLate(lateness, MINUTE)).toBe(true)
    expect(noteLate(lateness, MINUTE)).toBe(false)
  })
})
