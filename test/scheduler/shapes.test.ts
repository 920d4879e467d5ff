import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LimitSpec } from '../../src/scheduler/types.ts'
import { windowOf } from '../../src/scheduler/limits/limit.ts'
import { jitterGuard } from '../../src/scheduler/limits/window.ts'
import { calendarFrame } from '../../src/scheduler/limits/calendar.ts'

/** A provider that counts to the letter; answers whether it admits what arrives. */
type Provider = (at: number, units: number) => boolean

const SLACK = 1e-6

function bucketProvider(amount: number, period: number): Provider {
  let level = amount
  let last = -Infinity
  return (at, units) => {
    level = last === -Infinity ? amount : Math.min(amount, level + ((at - last) * amount) / period)
    last = at
    if (level < units - SLACK) return false
    level -= units
    return true
  }
}

function slidingProvider(amount: number, period: number): Provider {
  let entries: { at: number; units: number }[] = []
  let sum = 0
  return (at, units) => {
    let gone = 0
    for (const entry of entries) {
      if (entry.at > at - period) break
      sum -= entry.units
      gone++
    }
    if (gone > 0) entries = entries.slice(gone)
    if (sum + units > amount + SLACK) return false
    entries.push({ at, units })
    sum += units
    return true
  }
}

function windowProvider(amount: number, frame: (at: number) => number): Provider {
  let current = Number.NaN
  let used = 0
  return (at, units) => {
    const start = frame(at)
    if (start !== current) used = 0
    current = start
    if (used + units > amount + SLACK) return false
    used += units
    return true
  }
}

const frame = calendarFrame({ unit: 'hour', at: '00:30', zone: 'Asia/Kathmandu' })

/** Ours by its declaration, beside every enforcement on which it must be safe. */
const PAIRS: Record<
  string,
  { shape: LimitSpec['shape']; theirs: (amount: number, period: number, phase: number) => Provider }
> = {
  'bucket on a bucket': { shape: 'bucket', theirs: bucketProvider },
  'sliding on a bucket': { shape: 'sliding', theirs: bucketProvider },
  'sliding on a sliding window': { shape: 'sliding', theirs: slidingProvider },
  'sliding on a fixed window of unknown phase': {
    shape: 'sliding',
    theirs: (amount, period, phase) => windowProvider(amount, (at) => Math.floor((at - phase) / period)),
  },
  'fixed on a fixed window of unknown phase': {
    shape: 'fixed',
    theirs: (amount, period, phase) => windowProvider(amount, (at) => Math.floor((at - phase) / period)),
  },
  'calendar on a calendar window': {
    shape: 'calendar',
    theirs: (amount) => windowProvider(amount, (at) => frame(at).start),
  },
}

const REQUESTS = 4000
const RUNS = 42

describe('a provider whose limit is truly declared never refuses', { timeout: 90_000 }, () => {
  for (const [name, { shape, theirs }] of Object.entries(PAIRS)) {
    it(`${name}: 0 of ${RUNS * REQUESTS} requests`, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 500 }),
          fc.constantFrom(1000, 60_000, 3_600_000),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0.2, max: 3, noNaN: true }),
          fc.integer({ min: 1, max: 40 }),
          fc.integer(),
          (amount, anyPeriod, phase, load, largest, seed) => {
            const period = shape === 'calendar' ? 3_600_000 : anyPeriod
            const resets =
              shape === 'calendar' ? ({ unit: 'hour', at: '00:30', zone: 'Asia/Kathmandu' } as const) : undefined
            const ours = windowOf({ metric: 'requests', amount, period, shape, resets }, amount, (now) => now, 0)
            const provider = theirs(amount, period, phase * period)
            const random = chance(seed)
            const jitter = jitterGuard(period)
            // What leaves may overtake; it is presented to the provider in the order of arrival.
            const flight: { at: number; units: number }[] = []
            const arrive = (until: number) => {
              flight.sort((a, b) => a.at - b.at)
              while (flight[0] && flight[0].at <= until) {
                const { at, units } = flight.shift() as (typeof flight)[0]
                if (!provider(at, units)) throw new Error(`refused ${units} at ${at} of ${amount} in ${period}`)
              }
            }
            let now = 0
            for (let request = 0; request < REQUESTS; request++) {
              // Bursts and lulls: mean gap as the load says.
              now += random() < 0.5 ? 0 : (random() * 4 * period) / (amount * load)
              // Just before a window ends is where a request may arrive in the next one.
              if (shape === 'calendar' && random() < 0.02) now = Math.max(now, frame(now).end - random() * 150)
              const units = Math.min(amount, 1 + Math.floor(random() * random() * Math.min(largest, amount)))
              const wait = ours.wait(now, units)
              if (wait > 0) {
                if (random() < 0.5) continue
                now += wait + 1e-3
                if (ours.wait(now, units) > 0) continue
              }
              ours.take(now, units)
              flight.push({ at: now + random() * jitter, units })
              arrive(now)
            }
            arrive(Infinity)
          },
        ),
        { numRuns: RUNS },
      )
    })
  }

  it('and is used to the full: a saturated minute carries the declared amount', () => {
    for (const shape of ['bucket', 'sliding', 'fixed', 'calendar'] as const) {
      const ours = windowOf({ metric: 'requests', amount: 60, period: 60_000, shape }, 60, (now) => now, 0)
      let taken = 0
      for (let now = 0; now < 3_600_000; now += 50) {
        if (ours.wait(now, 1) > 0) continue
        ours.take(now, 1)
        taken++
      }
      expect(taken, shape).toBeGreaterThanOrEqual(60 * 60 * 0.99)
      expect(taken, shape).toBeLessThanOrEqual(60 * 61)
    }
  })
})

describe('what is given back can be taken again', () => {
  it.each(['bucket', 'sliding', 'fixed', 'calendar'] as const)('%s', (shape) => {
    const ours = windowOf({ metric: 'tokens', amount: 1000, period: 60_000, shape }, 1000, (now) => now, 0)
    const mark = ours.take(10, 800)
    expect(ours.wait(10, 300)).toBeGreaterThan(0)
    ours.give(20, 700, mark)
    expect(ours.wait(20, 880)).toBe(0)
    expect(ours.wait(20, 1001)).toBe(Infinity)
  })
})

function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
