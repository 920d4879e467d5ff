import '../fuzz/seed.ts'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { effort } from '../fuzz/effort.ts'
import type { Lease, LimitSpec } from '../../src/scheduler/types.ts'
import { ask, provider, rpm, setUp } from './fixture.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const number = fc.constantFrom(undefined, 0, 1, 30, 60, 1e4, 3.6e6, 8.64e7, 3.2e10, 1e308, -1, Number.NaN)
const odd = fc.record({
  kind: fc.constantFrom(
    'rate_limit',
    'rate_limit',
    'server_error',
    'overloaded',
    'authentication',
    'permission',
    'quota',
    'timeout',
    'answer',
  ),
  retryAfter: number,
  used: number,
  signal: fc.option(
    fc.record({
      metric: fc.constantFrom('requests' as const, 'tokens' as const),
      period: fc.constantFrom(undefined, MINUTE, DAY),
      class: fc.constantFrom(
        undefined,
        'minute' as const,
        'day' as const,
        'month' as const,
        'shared' as const,
        'too-large' as const,
      ),
      remaining: number,
      reset: number,
      requested: number,
    }),
    { nil: undefined },
  ),
})

type Odd = typeof odd extends fc.Arbitrary<infer T> ? T : never

/** Four keys of 60 a minute, ten thousand a day, offered 1.25 times as much. */
async function recovered(shape: LimitSpec['shape'], answers: readonly Odd[]): Promise<number> {
  const limits = [rpm(60, { shape }), { metric: 'requests', amount: 10_000, period: DAY } as const]
  const { scheduler, clock } = setUp([provider('p', [limits, limits, limits, limits])])
  const queue = [...answers]
  let served = 0
  const visit = (answer: (lease: Lease) => void) => void scheduler.acquire(ask()).then(answer, () => {})
  // However long it takes for all of them to be given.
  for (let second = 0; second < 40 * 60 && queue.length > 0; second++) {
    visit((lease) => {
      const next = queue.shift()
      if (!next) return lease.settle({ input: 100, output: 10 })
      if (next.signal) lease.observe([next.signal])
      if (next.kind === 'answer') lease.settle({ input: next.used, output: next.used })
      else lease.fail({ kind: next.kind as 'rate_limit', retryAfter: next.retryAfter, started: false })
    })
    await clock.advance(1000)
  }
  let counting = false
  for (let second = 0; second < 12 * 60; second++) {
    counting = second >= 10 * 60
    for (let n = 0; n < 5; n++) {
      visit((lease) => {
        lease.settle({ input: 100, output: 10 })
        if (counting) served++
      })
    }
    await clock.advance(1000)
  }
  scheduler.close()
  return served / (4 * 60 * 2)
}

it('ten minutes after the last odd answer, whatever came, a healthy provider serves nine tenths of what it can', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('bucket' as const, 'sliding' as const),
      fc.array(odd, { minLength: 1, maxLength: 30 }),
      async (shape, answers) => {
        expect(await recovered(shape, answers)).toBeGreaterThanOrEqual(0.9)
      },
    ),
    effort(5),
  )
}, 120_000)
