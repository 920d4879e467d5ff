import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../src/chat/error.ts'
import type { Lease, LimitSpec } from '../../src/scheduler/types.ts'
import { ask, provider, rpm, setUp, tpm } from './fixture.ts'
import { virtualClock } from './virtual-clock.ts'

type Scheduler = ReturnType<typeof setUp>['scheduler']
const scope = (scheduler: Scheduler, limit: string) => scheduler.report().scopes.find((scope) => scope.limit === limit)
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: GatewayError) => error,
  )
const eta = (scheduler: Scheduler, key: string) =>
  scheduler.explain(ask()).find((candidate) => candidate.key === key)?.eta

describe('what a provider says of its limits', () => {
  it('lowers a limit that was declared too high, and shows why', async () => {
    const { scheduler } = setUp([provider('p', [[rpm(60)]])])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', period: 60_000, limit: 42, remaining: 41 }])
    expect(scope(scheduler, 'requests/60s')).toMatchObject({ amount: 42, learnt: 'the provider says 42' })
  })

  it('never raises a limit above what was declared, unless headers are trusted', async () => {
    for (const [trust_headers, amount] of [
      [false, 60],
      [true, 600],
    ] as const) {
      const { scheduler } = setUp([provider('p', [[rpm(60)]])], { options: { trust_headers } })
      ;(await scheduler.acquire(ask())).observe([{ metric: 'requests', period: 60_000, limit: 600 }])
      expect(scope(scheduler, 'requests/60s')?.amount).toBe(amount)
    }
  })

  it('raises it without being told to once the provider counts no more than was sent from here', async () => {
    const state = async (others: number, trust_headers?: boolean) => {
      const { scheduler } = setUp([provider('p', [[rpm(60)]])], { options: { trust_headers } })
      for (let sent = 1; sent <= 3; sent++) {
        const lease = await scheduler.acquire(ask())
        lease.observe([{ metric: 'requests', period: 60_000, limit: 600, remaining: 600 - sent - others }])
        if (sent < 3) expect(scope(scheduler, 'requests/60s')?.amount).toBe(60)
      }
      return scope(scheduler, 'requests/60s')?.amount
    }
    expect(await state(0)).toBe(600)
    expect(await state(30)).toBe(60)
    expect(await state(0, false)).toBe(60)
  })

  it('fills a bucket that turns out to be larger, as far as the provider says that it is full', async () => {
    const { scheduler } = setUp([provider('p', [[rpm(60, { shape: 'bucket' })]])], { options: { trust_headers: true } })
    ;(await scheduler.acquire(ask())).observe([{ metric: 'requests', period: 60_000, limit: 600, remaining: 450 }])
    expect(scope(scheduler, 'requests/60s')).toMatchObject({ amount: 600, level: 450 })
  })

  it('sees what others use of the same account', async () => {
    const { scheduler } = setUp([provider('p', [[rpm(60, { shape: 'bucket' })]])])
    ;(await scheduler.acquire(ask())).observe([{ metric: 'requests', period: 60_000, limit: 60, remaining: 5 }])
    expect(scope(scheduler, 'requests/60s')?.level).toBe(5)
  })

  it('finds a limit that nobody declared', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', period: 60_000, limit: 2, remaining: 1 }])
    lease.settle({})
    ;(await scheduler.acquire(ask())).settle({})
    expect(eta(scheduler, 'p#1')).toBeGreaterThan(50_000)
  })
})

describe('a refusal', () => {
  async function refuse(lease: Lease, retryAfter?: number, signal?: Parameters<Lease['observe']>[0][0]) {
    if (signal) lease.observe([signal])
    lease.fail({ kind: 'rate_limit', retryAfter, started: false })
  }

  it('rests the key with this model for as long as the provider said, and no other', async () => {
    const { scheduler } = setUp([provider('p', [[], []])])
    await refuse(await scheduler.acquire(ask()), 7000)
    expect(eta(scheduler, 'p#1')).toBe(7000)
    expect(eta(scheduler, 'p#2')).toBe(0)
    const other = await scheduler.acquire(ask({ model: 'p/other' }))
    expect(other.key).toBe('p#1')
  })

  it('keeps the longer of two rests: until = max(old, new)', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    const [first, second] = [await scheduler.acquire(ask()), await scheduler.acquire(ask())]
    await refuse(first, 9000)
    await refuse(second, 1000)
    expect(eta(scheduler, 'p#1')).toBe(9000)
  })

  it('of a spent day rests to midnight of the provider, whatever retry hint came with it', async () => {
    const clock = virtualClock(Date.parse('2026-01-15T12:00:00Z'))
    const resets = { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' } as const
    const day: LimitSpec = { metric: 'requests', amount: 500, period: 86_400_000, shape: 'calendar', resets }
    const { scheduler } = setUp([provider('p', [[rpm(15), day]])], { clock })
    await refuse(await scheduler.acquire(ask()), 38_200, { metric: 'requests', class: 'day' })
    expect(eta(scheduler, 'p#1')).toBe(20 * 3_600_000)
    expect((await refusal(scheduler.acquire(ask())))?.retryAfter).toBe(20 * 3_600_000)
  })

  it('of a minute is not mistaken for a day', async () => {
    const day: LimitSpec = { metric: 'requests', amount: 500, period: 86_400_000, shape: 'calendar' }
    const { scheduler } = setUp([provider('p', [[rpm(15), day]])])
    await refuse(await scheduler.acquire(ask()), 5000, { metric: 'requests', period: 60_000, class: 'minute' })
    expect(eta(scheduler, 'p#1')).toBe(5000)
  })

  it('that names the day just after its reset is yesterday’s: the key rests a minute, not a day', async () => {
    const clock = virtualClock(Date.parse('2026-01-15T00:00:02Z'))
    const resets = { unit: 'day', at: '00:00', zone: 'UTC' } as const
    const day: LimitSpec = { metric: 'requests', amount: 500, period: 86_400_000, shape: 'calendar', resets }
    const { scheduler } = setUp([provider('p', [[day]])], { clock })
    await refuse(await scheduler.acquire(ask()), undefined, { metric: 'requests', class: 'day' })
    expect(eta(scheduler, 'p#1')).toBe(60_000)
  })

  it('with numbers sets the bucket to them', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(10_000, { shape: 'bucket' })]])])
    const lease = await scheduler.acquire(ask({ input: 3000, maxOutput: 82 }))
    await refuse(lease, undefined, {
      metric: 'tokens',
      period: 60_000,
      limit: 10_000,
      used: 8554,
      requested: 3082,
      class: 'minute',
    })
    expect(scope(scheduler, 'tokens/60s')?.level).toBeCloseTo(1446, -2)
  })

  it('that no rest can help marks the size as too large for this key only', async () => {
    const { scheduler } = setUp([provider('p', [[], []])])
    const large = ask({ input: 30_000 })
    await refuse(await scheduler.acquire(large), undefined, {
      metric: 'tokens',
      limit: 20_000,
      requested: 30_100,
      class: 'too-large',
    })
    expect((await scheduler.acquire(large)).key).toBe('p#2')
    expect((await scheduler.acquire(large)).key).toBe('p#2')
    expect((await scheduler.acquire(ask())).key).toBe('p#1')
  })

  it('is retried elsewhere, not with the same key', async () => {
    const { scheduler } = setUp([provider('p', [[], []])])
    const first = await scheduler.acquire(ask())
    await refuse(first, 0)
    const second = await scheduler.acquire(ask({ exclude: new Set([first.id]), waited: 50 }))
    expect(second.key).not.toBe(first.key)
  })

  it('without a hint teaches a lower limit once the tries after it are refused too, and is forgotten within minutes', async () => {
    const clock = virtualClock()
    const { scheduler } = setUp([provider('p', [[rpm(60)]])], { clock, options: { max_wait: 0 } })
    const amount = () => scope(scheduler, 'requests/60s')?.amount ?? 0
    const next = async () => {
      await clock.advance(1000)
      return scheduler.acquire(ask()).catch(() => undefined)
    }
    // The provider really admits 30 in a minute.
    for (let n = 0; n < 30; n++) (await next())?.settle({ input: 100, output: 10 })
    await refuse((await next()) as Lease)
    expect(amount()).toBe(60)
    for (let n = 0; n < 20 && amount() === 60; n++) {
      const lease = await next()
      if (lease) await refuse(lease)
    }
    expect(amount()).toBeLessThanOrEqual(40)
    for (let n = 0; n < 600; n++) (await next())?.settle({})
    expect(amount()).toBe(60)
  })

  it('by all keys within seconds is the provider’s trouble: keys stay unmarked, and one request at a time tries', async () => {
    const { scheduler, clock } = setUp([
      provider('p', [[rpm(60)], [rpm(60)], [rpm(60)], [rpm(60)]]),
      provider('q', [[]]),
    ])
    const leases: Lease[] = []
    while (leases.length < 3) {
      const lease = await scheduler.acquire(ask())
      if (lease.provider === 'p') leases.push(lease)
      else lease.fail({ kind: 'invalid_request', started: false })
    }
    for (const lease of leases) await refuse(lease)
    const ready = () => scheduler.explain(ask()).filter(({ eta }) => eta === 0)
    expect(ready().map(({ key }) => key)).toEqual(['q#1'])
    expect(scheduler.explain(ask()).find(({ key }) => key === 'p#4')?.reason).toContain('several keys were refused')
    await clock.advance(1001)
    const probe = await scheduler.acquire(ask({ model: 'p/m' }))
    expect(ready().map(({ key }) => key)).toEqual(['q#1'])
    await refuse(probe)
    expect(scheduler.explain(ask()).find(({ key }) => key === 'p#4')?.eta).toBe(2000)
    await clock.advance(2001)
    const next = await scheduler.acquire(ask({ model: 'p/m' }))
    const waits = scheduler.acquire(ask({ model: 'p/m' }))
    next.settle({})
    await expect(waits).resolves.toMatchObject({ provider: 'p' })
    expect(ready()).toHaveLength(5)
    expect(scheduler.report().scopes.every(({ amount }) => amount === 60)).toBe(true)
  })

  it('that tells a year, or a moment that has passed, is asked again within minutes', async () => {
    for (const [told, most] of [
      [3.2e10, 8 * 60_000],
      [-5, 1000],
      [0, 1000],
      [Number.NaN, 1000],
    ] as const) {
      const { scheduler } = setUp([provider('p', [[rpm(60)]])])
      await refuse(await scheduler.acquire(ask()), told)
      const wait = eta(scheduler, 'p#1') ?? Infinity
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(most)
    }
  })

  it('is remembered across a restart', async () => {
    const clock = virtualClock()
    const { scheduler } = setUp([provider('p', [[rpm(60)]])], { clock })
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', period: 60_000, limit: 42 }])
    await refuse(lease, 50_000)
    const next = setUp([provider('p', [[rpm(60)]])], { clock })
    next.scheduler.restore(scheduler.snapshot())
    expect(eta(next.scheduler, 'p#1')).toBe(50_000)
    expect(scope(next.scheduler, 'requests/60s')).toMatchObject({ amount: 42, learnt: 'the provider says 42' })
  })
})

describe('a refusal that names its scope', () => {
  it('rests all keys of the account, for all models, to the reset that was told', async () => {
    const { scheduler } = setUp([provider('p', [{ account: 'x' }, { account: 'x' }, { account: 'y' }])])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', class: 'day', scope: 'account', reset: 7 * 3_600_000 }])
    lease.fail({ kind: 'rate_limit', started: false })
    for (const model of ['chat', 'p/another']) {
      const etas = scheduler.explain(ask({ model })).map(({ key, eta }) => [key, eta])
      expect(Object.fromEntries(etas)).toEqual({ 'p#1': 7 * 3_600_000, 'p#2': 7 * 3_600_000, 'p#3': 0 })
    }
  })

  it('as shared capacity rests this model of the key for a moment only', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', class: 'shared' }])
    lease.fail({ kind: 'rate_limit', started: false })
    expect(eta(scheduler, 'p#1')).toBe(1000)
    expect(scheduler.explain(ask({ model: 'p/other' }))[0]?.eta).toBe(0)
  })
})

describe('a fixed window', () => {
  it('is used to its boundary once the provider has told where that is', async () => {
    const { scheduler, clock } = setUp([provider('p', [[rpm(3, { shape: 'fixed' })]])], { options: { max_wait: 0 } })
    const take = async () => (await scheduler.acquire(ask())).settle({})
    await clock.advance(50_000)
    const first = await scheduler.acquire(ask())
    first.observe([{ metric: 'requests', period: 60_000, limit: 3, remaining: 2, reset: 10_000, resetMeans: 'window' }])
    first.settle({})
    await take()
    await take()
    expect(eta(scheduler, 'p#1')).toBe(10_000)
    await clock.advance(10_001)
    for (let n = 0; n < 3; n++) await take()
    expect(eta(scheduler, 'p#1')).toBeCloseTo(60_000, -1)
  })

  it('keeps to a boundary that is told in whole seconds, and follows one that is another', async () => {
    const { scheduler, clock } = setUp([provider('p', [[rpm(3, { shape: 'fixed' })]])], { options: { max_wait: 0 } })
    const told = { metric: 'requests', period: 60_000, limit: 3, resetMeans: 'window' } as const
    const take = async (reset: number, remaining: number) => {
      const lease = await scheduler.acquire(ask())
      lease.observe([{ ...told, remaining, reset }])
      lease.settle({})
    }
    await take(10_000, 2)
    await clock.advance(900)
    await take(10_000, 1)
    await clock.advance(8000)
    await take(30_000, 0)
    expect(eta(scheduler, 'p#1')).toBe(30_000)
    await clock.advance(30_001)
    await take(60_000, 2)
    await take(59_000, 1)
    await clock.advance(600)
    await take(59_000, 0)
    expect(eta(scheduler, 'p#1')).toBeCloseTo(59_400, -1)
  })
})

describe('estimates', () => {
  it('follow what a client’s requests really use', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(1_000_000)]])])
    const taken = async () => {
      const before = scope(scheduler, 'tokens/60s')?.level ?? 0
      const lease = await scheduler.acquire(ask({ client: 'tables', input: 1000, maxOutput: 1 }))
      const reserved = before - (scope(scheduler, 'tokens/60s')?.level ?? 0)
      lease.settle({ input: 2000, output: 1 })
      return reserved
    }
    expect(await taken()).toBeLessThan(1100)
    for (let n = 0; n < 60; n++) await taken()
    expect(await taken()).toBeGreaterThan(1950)
  })
})
