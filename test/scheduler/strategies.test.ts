import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Lease, LimitSpec } from '../../src/scheduler/types.ts'
import { loadStrategy, STRATEGIES, WEIGHTED_FAIR } from '../../src/scheduler/select/strategies/index.ts'
import type { Strategy } from '../../src/scheduler/select/strategies/strategy.ts'
import { ask, concurrency, pool, provider, route, rpm, setUp, tpm } from './fixture.ts'

const contrary: Strategy = ({ virtual }) => -virtual

describe.each([WEIGHTED_FAIR, ...Object.keys(STRATEGIES), 'one’s own'])('every strategy: %s', (strategy) => {
  const options = { strategy, strategies: { 'one’s own': contrary }, max_wait: 120_000 }

  it('gives only keys that have room, and each of them when all are needed', async () => {
    const { scheduler } = setUp([provider('p', [[concurrency(2)], [concurrency(2)], [concurrency(2)]])], { options })
    const leases = await Promise.all(Array.from({ length: 6 }, () => scheduler.acquire(ask())))
    const counts = Map.groupBy(leases, ({ key }) => key)
    expect([...counts.values()].map((group) => group.length)).toEqual([2, 2, 2])
  })

  it('loses no key on the way through sleep, faults and queue', async () => {
    const { scheduler, clock } = setUp([provider('p', [[rpm(3)], [rpm(2)]]), provider('q', [[rpm(1)]])], { options })
    let served = 0
    const used = new Set<string>()
    for (let n = 0; n < 60; n++) {
      void scheduler.acquire(ask()).then(
        (lease: Lease) => {
          served++
          used.add(lease.key)
          if (served % 7 === 0) lease.fail({ kind: 'server_error', started: false })
          else lease.settle({})
        },
        () => {},
      )
      await clock.advance(10_000)
    }
    await clock.advance(130_000)
    expect(used.size).toBe(3)
    // Ten minutes at six a minute, of which each window's first burst is in hand.
    expect(served).toBeGreaterThanOrEqual(57)
    expect(scheduler.report()).toMatchObject({ inFlight: 0, queued: 0 })
  })
})

describe('an order of keys', () => {
  const limits = [rpm(60, { shape: 'bucket' })]
  const price = { cheap: { input: 0.1, output: 0.4 }, dear: { input: 3, output: 15 } }
  const routes = [route('cheap', { price: price.cheap }), route('dear', { price: price.dear })]

  const both = (more: LimitSpec[] = []) =>
    setUp([provider('cheap', [[...limits, ...more]]), provider('dear', [[...limits, ...more]])], {
      pools: [pool('chat', routes)],
      options: { strategy: 'cheapest' },
    })

  /** How many the dear key served, of so many a second. */
  const dear = (more: LimitSpec[], perSecond: number, seconds: number) => dearOf(both(more), perSecond, seconds)

  async function dearOf({ scheduler, clock }: ReturnType<typeof both>, perSecond: number, seconds: number) {
    let served = 0
    for (let n = 0; n < perSecond * seconds; n++) {
      const lease = await scheduler.acquire(ask())
      if (lease.provider === 'dear') served++
      lease.settle({})
      await clock.advance(1000 / perSecond)
    }
    return served
  }

  it('lets none stand full where more comes than all can serve', async () => {
    // The cheap one holds 60 and gets one a second: alone it would last for 29 s, and the dear one would lose 29.
    expect(await dear([], 3, 29)).toBeGreaterThan(18)
  })

  it('holds where the keys together serve what comes', async () => {
    expect(await dear([], 1.9, 60)).toBe(0)
  })

  it('holds in a burst that the first can serve', async () => {
    expect(await dear([], 50, 1)).toBe(0)
  })

  it('is not passed over for a provider that was found to enforce less, until some minutes after', async () => {
    const world = both()
    const { scheduler, clock } = world
    for (let nth = 0; nth < 6; nth++) {
      const lease = await scheduler.acquire(ask({ model: 'dear/m' }))
      lease.observe([{ metric: 'requests', period: 60_000, class: 'minute' }])
      lease.fail({ kind: 'rate_limit', retryAfter: 3000, started: false })
      await clock.advance(6000)
    }
    const amount = () =>
      scheduler.report().scopes.find(({ scope, limit }) => scope.startsWith('dear') && limit === 'requests/60s')?.amount
    expect(amount()).toBeLessThan(60)
    expect(await dearOf(world, 3, 29)).toBeLessThan(3)
    for (let minute = 0; minute < 12; minute++) {
      ;(await scheduler.acquire(ask({ model: 'dear/m' }))).settle({})
      await clock.advance(60_000)
    }
    expect(amount()).toBe(60)
    expect(await dearOf(world, 3, 29)).toBeGreaterThan(18)
  })

  it('is not passed over for a bucket that is full for good beside a window that is not', async () => {
    expect(await dear([tpm(6000)], 3, 9)).toBeLessThan(3)
  })
})

describe('a strategy', () => {
  const day = (amount: number, zone: string): LimitSpec => ({
    metric: 'requests',
    amount,
    period: 86_400_000,
    shape: 'calendar',
    resets: { unit: 'day', at: '00:00', zone },
  })
  const order = async (scheduler: ReturnType<typeof setUp>['scheduler'], count: number, hold = false) => {
    const keys: string[] = []
    for (let n = 0; n < count; n++) {
      const lease = await scheduler.acquire(ask())
      keys.push(lease.key)
      if (!hold) lease.settle({})
    }
    return keys
  }

  it('least-loaded looks at who has the fewest under way for its weight', async () => {
    const { scheduler } = setUp([provider('p', [{ weight: 1 }, { weight: 3 }])], {
      options: { strategy: 'least-loaded' },
    })
    const keys = await order(scheduler, 8, true)
    expect(keys.filter((key) => key === 'p#2')).toHaveLength(6)
  })

  it('cheapest takes the dear route only when the cheap one is full', async () => {
    const pools = [
      pool('chat', [
        route('dear', { price: { input: 3, output: 15 } }),
        route('cheap', { price: { input: 0.1, output: 0.4 } }),
      ]),
    ]
    const { scheduler } = setUp([provider('dear', [[]]), provider('cheap', [[rpm(3)]])], {
      pools,
      options: { strategy: 'cheapest' },
    })
    expect(await order(scheduler, 5)).toEqual(['cheap#1', 'cheap#1', 'cheap#1', 'dear#1', 'dear#1'])
  })

  it('use-it-or-lose-it spends first what is lost first', async () => {
    // At noon UTC the day ends in Tokyo in three hours, in London in twelve.
    const keys = [[], [day(2, 'Europe/London')], [day(2, 'Asia/Tokyo')]]
    const { scheduler } = setUp([provider('p', keys)], { options: { strategy: 'use-it-or-lose-it' } })
    expect(await order(scheduler, 5)).toEqual(['p#3', 'p#3', 'p#2', 'p#2', 'p#1'])
  })

  it('lowest-latency prefers the route that answers sooner', async () => {
    const { scheduler, clock } = setUp([provider('slow', [[]]), provider('fast', [[]])], {
      options: { strategy: 'lowest-latency' },
    })
    const counts = { slow: 0, fast: 0 }
    for (let n = 0; n < 40; n++) {
      const lease = await scheduler.acquire(ask())
      counts[lease.provider as 'slow']++
      await clock.advance(lease.provider === 'slow' ? 4000 : 500)
      lease.settle({ input: 100, output: 20 })
    }
    expect(counts.fast).toBeGreaterThan(30)
  })

  it('may be one’s own, loaded from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strategy-'))
    try {
      const file = join(folder, 'last.mjs')
      await writeFile(file, 'export default ({ key }) => -Number(key.split("#")[1])\n')
      const { scheduler } = setUp([provider('p', [[], [], []])], {
        options: { strategy: 'last', strategies: { last: await loadStrategy(file) } },
      })
      expect(await order(scheduler, 3)).toEqual(['p#3', 'p#3', 'p#3'])
      await writeFile(join(folder, 'none.mjs'), 'export const nothing = 1\n')
      await expect(loadStrategy(join(folder, 'none.mjs'))).rejects.toThrow('must export a function by default')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('that does not exist is an error at the start, with the names that do', () => {
    expect(() => setUp([provider('p', [[]])], { options: { strategy: 'best' } })).toThrow(
      /no strategy best; there are weighted-fair/,
    )
  })
})
