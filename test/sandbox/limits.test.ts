import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarWindow } from '../../src/sandbox/limits/calendar.ts'
import type { EnforcedLimit, Resets } from '../../src/sandbox/limits/types.ts'
import { enforcer } from '../../src/sandbox/limits/enforcer.ts'
import { windowOf } from '../../src/sandbox/limits/windows.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 24, 12, 0, 0)

/** Requests of a greedy caller: how long after the one before, how much. */
const demand = fc.array(fc.record({ after: fc.nat(20_000), amount: fc.integer({ min: 1, max: 40 }) }), {
  minLength: 20,
  maxLength: 200,
})

const admitted = (
  limit: EnforcedLimit,
  steps: { after: number; amount: number }[],
): { at: number; amount: number }[] => {
  const window = windowOf(limit)
  let now = START
  const taken: { at: number; amount: number }[] = []
  for (const { after, amount } of steps) {
    now += after
    if (window.wait(amount, now) > 0) continue
    window.take(amount, now)
    taken.push({ at: now, amount })
  }
  return taken
}

const sum = (taken: { at: number; amount: number }[], from: number, to: number): number =>
  taken.filter(({ at }) => at >= from && at < to).reduce((total, { amount }) => total + amount, 0)

describe('a window lets through', () => {
  const amount = 100

  it('as a sliding window never more than the amount in any period, wherever it begins', () => {
    fc.assert(
      fc.property(demand, (steps) => {
        const taken = admitted({ metric: 'tokens', amount, period: MINUTE, shape: 'sliding' }, steps)
        return taken.every(({ at }) => sum(taken, at, at + MINUTE) <= amount)
      }),
    )
  })

  it('as a fixed window never more than the amount in any minute of the clock', () => {
    fc.assert(
      fc.property(demand, (steps) => {
        const taken = admitted({ metric: 'tokens', amount, period: MINUTE, shape: 'fixed' }, steps)
        const minutes = new Set(taken.map(({ at }) => Math.floor(at / MINUTE) * MINUTE))
        return [...minutes].every((start) => sum(taken, start, start + MINUTE) <= amount)
      }),
    )
  })

  it('as a bucket never more than the amount and what came in since, from any moment to any other', () => {
    fc.assert(
      fc.property(demand, (steps) => {
        const taken = admitted({ metric: 'tokens', amount, period: MINUTE, shape: 'bucket' }, steps)
        return taken.every(({ at: from }, index) =>
          taken
            .slice(index)
            .every(({ at: to }) => sum(taken, from, to + 1) <= amount + ((to - from) / MINUTE) * amount + 1e-3),
        )
      }),
    )
  })

  it.each(['bucket', 'sliding', 'fixed', 'calendar'] as const)(
    'as a %s exactly when it said that it would',
    (shape) => {
      fc.assert(
        fc.property(demand, (steps) => {
          const window = windowOf({ metric: 'tokens', amount, period: MINUTE, shape })
          let now = START
          for (const step of steps) {
            now += step.after
            const wait = window.wait(step.amount, now)
            if (wait > 1) expect(window.wait(step.amount, now + wait - 1)).toBeGreaterThan(0)
            // Moments are whole milliseconds on a real clock; a bucket's may lie between two.
            now += Math.ceil(wait)
            expect(window.wait(step.amount, now)).toBe(0)
            window.take(step.amount, now)
          }
        }),
        { numRuns: 50 },
      )
    },
  )

  it('never what is larger than it', () => {
    for (const shape of ['bucket', 'sliding', 'fixed', 'calendar'] as const) {
      expect(windowOf({ metric: 'tokens', amount, period: MINUTE, shape }).wait(101, START)).toBe(
        Number.POSITIVE_INFINITY,
      )
    }
  })
})

describe('a calendar window', () => {
  const day = (zone: string, at = '00:00'): Resets => ({ unit: 'day', at, zone })
  const iso = (resets: Resets, now: string): string[] => {
    const { start, end } = calendarWindow(resets, Date.parse(now))
    return [new Date(start).toISOString(), new Date(end).toISOString()]
  }

  it.each<[string, Resets, string, string, string]>([
    ['a day in UTC', day('UTC'), '2026-11-24T23:59:59.999Z', '2026-11-24T00:00:00.000Z', '2026-11-25T00:00:00.000Z'],
    [
      'Pacific midnight in winter',
      day('America/Los_Angeles'),
      '2026-11-24T07:59:59Z',
      '2026-11-23T08:00:00.000Z',
      '2026-11-24T08:00:00.000Z',
    ],
    [
      'Pacific midnight in summer',
      day('America/Los_Angeles'),
      '2026-07-01T07:00:00Z',
      '2026-07-01T07:00:00.000Z',
      '2026-07-02T07:00:00.000Z',
    ],
    [
      'a day of 23 hours',
      day('America/Los_Angeles'),
      '2026-03-08T12:00:00Z',
      '2026-03-08T08:00:00.000Z',
      '2026-03-09T07:00:00.000Z',
    ],
    [
      'a day of 25 hours',
      day('America/Los_Angeles'),
      '2026-11-01T12:00:00Z',
      '2026-11-01T07:00:00.000Z',
      '2026-11-02T08:00:00.000Z',
    ],
    [
      'a reset in the hour that is skipped',
      day('Europe/Berlin', '02:30'),
      '2026-03-29T12:00:00Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ],
    [
      'a reset in the hour that comes twice',
      day('Europe/Berlin', '02:30'),
      '2026-10-25T12:00:00Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ],
    [
      'a reset later than now',
      day('Asia/Tokyo', '09:00'),
      '2026-05-05T23:00:00Z',
      '2026-05-05T00:00:00.000Z',
      '2026-05-06T00:00:00.000Z',
    ],
    [
      'a week from Monday',
      { unit: 'week', at: '00:00', zone: 'UTC' },
      '2026-11-29T12:00:00Z',
      '2026-11-23T00:00:00.000Z',
      '2026-11-30T00:00:00.000Z',
    ],
    [
      'a month that ends a year',
      { unit: 'month', at: '00:00', zone: 'UTC' },
      '2026-12-31T23:59:59Z',
      '2026-12-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ],
    [
      'a leap February',
      { unit: 'month', at: '00:00', zone: 'UTC' },
      '2028-02-29T12:00:00Z',
      '2028-02-01T00:00:00.000Z',
      '2028-03-01T00:00:00.000Z',
    ],
    [
      'an hour of a half-hour zone',
      { unit: 'hour', at: '00:00', zone: 'Asia/Kolkata' },
      '2026-11-24T12:45:10.250Z',
      '2026-11-24T12:30:00.000Z',
      '2026-11-24T13:30:00.000Z',
    ],
  ])('is right for %s', (_, resets, now, start, end) => {
    expect(iso(resets, now)).toEqual([start, end])
  })

  it('has no gap and no overlap over two years, in any zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'UTC',
          'America/Los_Angeles',
          'Europe/Berlin',
          'Asia/Kolkata',
          'Australia/Lord_Howe',
          'America/Sao_Paulo',
        ),
        fc.constantFrom('hour', 'day', 'week', 'month'),
        fc.constantFrom('00:00', '02:30', '09:15', '23:59'),
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) }),
        (zone, unit, at, now) => {
          const { start, end } = calendarWindow({ unit, at, zone }, now)
          expect(start).toBeLessThanOrEqual(now)
          expect(end).toBeGreaterThan(now)
          expect(calendarWindow({ unit, at, zone }, end).start).toBe(end)
          expect(calendarWindow({ unit, at, zone }, start - 1).end).toBe(start)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('the enforcer', () => {
  const at = { now: START }
  const judge = (limits: EnforcedLimit[], more = {}) => enforcer({ dialect: 'openai', limits, ...more }, () => at.now)
  const call = { key: 'key-1', model: 'sandbox' }
  const admits = (one: ReturnType<ReturnType<typeof judge>['admit']>) => 'settle' in one

  it('takes from all limits or from none', () => {
    const both = judge([
      { metric: 'requests', amount: 10, period: MINUTE },
      { metric: 'tokens', amount: 100, period: MINUTE },
    ])
    expect(admits(both.admit(call, 50, 40))).toBe(true)
    for (let time = 0; time < 20; time++) expect(admits(both.admit(call, 50, 40))).toBe(false)
    expect(admits(both.admit(call, 5, 5))).toBe(true)
  })

  it('gives back what was reserved and not used', () => {
    const tokens = judge([{ metric: 'tokens', amount: 100, period: MINUTE, shape: 'fixed' }])
    const admission = tokens.admit(call, 10, 90)
    expect(admits(tokens.admit(call, 1, 1))).toBe(false)
    if ('settle' in admission) admission.settle({ input: 10, output: 10 })
    expect(admits(tokens.admit(call, 10, 70))).toBe(true)
    expect(admits(tokens.admit(call, 1, 0))).toBe(false)
  })

  it('charges by the rule of the limit', () => {
    const input = judge([{ metric: 'tokens', amount: 100, period: MINUTE, charge: 'input', shape: 'fixed' }])
    expect([1, 2, 3].map(() => admits(input.admit(call, 50, 1000)))).toEqual([true, true, false])
    const uncached = judge([{ metric: 'uncached', amount: 100, period: MINUTE, shape: 'fixed' }])
    const cached = uncached.admit(call, 100, 1000)
    if ('settle' in cached) cached.settle({ input: 100, cached: 90, output: 1 })
    expect([90, 1].map((input) => admits(uncached.admit(call, input, 1)))).toEqual([true, false])
    const actual = judge([{ metric: 'output', amount: 100, period: MINUTE, charge: 'actual', shape: 'fixed' }])
    const first = actual.admit(call, 1, 1000)
    if ('settle' in first) first.settle({ input: 1, output: 150 })
    expect(admits(actual.admit(call, 1, 1))).toBe(false)
  })

  it('counts who is running at once', () => {
    const two = judge([{ metric: 'concurrency', amount: 2, period: 0 }])
    const running = [two.admit(call, 1, 1), two.admit(call, 1, 1)]
    expect(admits(two.admit(call, 1, 1))).toBe(false)
    for (const one of running) if ('settle' in one) one.settle({ input: 1, output: 1 })
    expect(admits(two.admit(call, 1, 1))).toBe(true)
  })

  it('knows accounts, models and empty purses apart', () => {
    const limits: EnforcedLimit[] = [{ metric: 'requests', amount: 1, period: MINUTE }]
    const shared = judge(limits, { accounts: { a: 'one', b: 'one' }, broke: ['poor'] })
    const status = (key: string, model = 'sandbox'): number => {
      const one = shared.admit({ key, model }, 1, 1)
      return 'refusal' in one ? one.refusal.status : 200
    }
    expect([status('a'), status('b'), status('c'), status('c', 'other'), status('poor')]).toEqual([
      200, 429, 200, 429, 429,
    ])
    const apart = judge(limits, { perModel: true })
    expect([admits(apart.admit(call, 1, 1)), admits(apart.admit({ ...call, model: 'other' }, 1, 1))]).toEqual([
      true,
      true,
    ])
  })

  it('counts refused requests where the provider does', () => {
    const limits: EnforcedLimit[] = [{ metric: 'requests', amount: 1, period: MINUTE, shape: 'sliding' }]
    const harsh = judge(limits, { countRefused: true })
    harsh.admit(call, 1, 1)
    at.now += MINUTE / 2
    expect(admits(harsh.admit(call, 1, 1))).toBe(false)
    at.now += MINUTE / 2
    expect(admits(harsh.admit(call, 1, 1))).toBe(false)
  })
})
