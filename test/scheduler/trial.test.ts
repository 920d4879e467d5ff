/** Limits of several keys that were cut alike: one of them tries what was declared, in its turn, for all. */
import { describe, expect, it } from 'vitest'
import { bucket, slidingWindow, type Enforcement } from '../../src/scheduler/simulator/enforcement.ts'
import { ask, provider, rpm, setUp } from './fixture.ts'

const MINUTE = 60_000
const KEYS = 6
const DECLARED = 60
const CUT = 15

interface Seen {
  served: number
  refused: number
}

/** Keys that refuse without a word beyond what is declared, and beyond a quarter of it while `isCut`; what came of each minute. */
async function live(shape: 'bucket' | undefined, minutes: number, isCut: (now: number) => boolean): Promise<Seen[]> {
  const { scheduler, clock } = setUp([
    provider(
      'p',
      Array.from({ length: KEYS }, () => [rpm(DECLARED, { shape })]),
    ),
  ])
  const enforce = shape === 'bucket' ? bucket : slidingWindow
  const upstream = new Map<string, Enforcement[]>()
  const seen = Array.from({ length: minutes }, () => ({ served: 0, refused: 0 }))
  for (let second = 0; second < minutes * 60; second++) {
    const minute = seen[Math.floor(second / 60)] as Seen
    for (let nth = 0; nth < KEYS * 0.9; nth++) {
      void scheduler.acquire(ask({ maxWait: 5000 })).then(
        (lease) => {
          const [usual, cut] = upstream.get(lease.id) ?? [enforce(DECLARED, MINUTE), enforce(CUT, MINUTE)]
          if (!usual || !cut) return
          upstream.set(lease.id, [usual, cut])
          const now = clock.now()
          const limits = isCut(now) ? [usual, cut] : [usual]
          if (limits.some((limit) => limit.wait(now, 1) > 0)) {
            minute.refused++
            return lease.fail({ kind: 'rate_limit', started: false })
          }
          for (const limit of limits) limit.take(now, 1)
          minute.served++
          lease.settle({ input: 100, output: 10 })
        },
        () => {},
      )
    }
    await clock.advance(1000)
  }
  return seen
}

const sum = (seen: readonly Seen[], of: keyof Seen): number => seen.reduce((total, each) => total + each[of], 0)

describe.each([
  // where nobody says how it counts, a window is safe, and tells later that it is refused
  ['bucket', 0.1],
  [undefined, 0.25],
] as const)('keys that were cut alike (%s)', (shape, most) => {
  it('serve all again within a minute of the end of an incident', async () => {
    const seen = await live(shape, 18, (now) => now > 10 * MINUTE && now < 13 * MINUTE)
    expect(sum(seen.slice(14), 'served')).toBeGreaterThanOrEqual(0.95 * 4 * 60 * KEYS * 0.9)
  })

  it('do so after a long one as well, where requests wait', async () => {
    const seen = await live(shape, 35, (now) => now > 10 * MINUTE && now < 30 * MINUTE)
    expect(sum(seen.slice(31), 'served')).toBeGreaterThanOrEqual(0.95 * 4 * 60 * KEYS * 0.9)
  })

  it('are refused ever more seldom where the limit stays as low', async () => {
    const seen = await live(shape, 60, (now) => now > 10 * MINUTE)
    const last = seen.slice(30)
    expect(sum(last, 'served')).toBeGreaterThanOrEqual(0.88 * 30 * CUT * KEYS)
    expect(sum(last, 'refused')).toBeLessThan(most * sum(last, 'served'))
  })
})
