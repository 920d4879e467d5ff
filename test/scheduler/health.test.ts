import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../src/chat/error.ts'
import type { Failure } from '../../src/scheduler/types.ts'
import { ask, pool, provider, route, rpm, setUp } from './fixture.ts'

type Scheduler = ReturnType<typeof setUp>['scheduler']
const candidate = (scheduler: Scheduler, key: string) => scheduler.explain(ask()).find((one) => one.key === key)
const fail = async (scheduler: Scheduler, failure: Partial<Failure>) =>
  (await scheduler.acquire(ask())).fail({ kind: 'server_error', started: false, ...failure })

describe('a key', () => {
  const many = () =>
    provider(
      'p',
      Array.from({ length: 12 }, () => []),
    )
  const only = new Set(Array.from({ length: 11 }, (_, index) => `p/m#p#${index + 2}`))
  const first = (scheduler: Scheduler) => scheduler.acquire(ask({ exclude: only }))

  it('whose credentials are refused is off at once, and tried again ever more rarely by one real request', async () => {
    const { scheduler, clock } = setUp([many()])
    ;(await first(scheduler)).fail({ kind: 'authentication', started: false })
    expect(candidate(scheduler, 'p#1')).toMatchObject({ eta: 15 * 60_000, reason: 'retired: credentials refused' })
    await clock.advance(15 * 60_000)
    const probe = await first(scheduler)
    expect(candidate(scheduler, 'p#1')).toMatchObject({ eta: null, reason: 'being probed: credentials refused' })
    probe.fail({ kind: 'authentication', started: false })
    expect(candidate(scheduler, 'p#1')?.eta).toBe(30 * 60_000)
    await clock.advance(30 * 60_000)
    ;(await first(scheduler)).settle({})
    expect(candidate(scheduler, 'p#1')?.eta).toBe(0)
  })

  it('stays off though an answer to an older request arrives after the refusal', async () => {
    const { scheduler } = setUp([many()])
    const older = await first(scheduler)
    ;(await first(scheduler)).fail({ kind: 'authentication', started: false })
    older.settle({})
    expect(candidate(scheduler, 'p#1')?.reason).toBe('retired: credentials refused')
  })

  it('is asked again within minutes where more than a tenth of all keys are off', async () => {
    const { scheduler, clock } = setUp([provider('p', [[], [], [], []])])
    await fail(scheduler, { kind: 'authentication' })
    expect(candidate(scheduler, 'p#1')?.eta).toBe(60_000)
    await clock.advance(0)
  })

  it('without money takes the other keys of its account along', async () => {
    const keys = [{ account: 'x' }, { account: 'x' }, { account: 'y' }, { account: 'z' }]
    const { scheduler } = setUp([provider('p', keys)])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'usd', class: 'money' }])
    lease.fail({ kind: 'quota', started: false })
    const ready = scheduler.explain(ask()).filter(({ eta }) => eta === 0)
    expect(ready.map(({ key }) => key).sort()).toEqual(['p#3', 'p#4'])
  })

  it('keeps its place after a 402 or 403 that may be about one request, and loses it to a second request', async () => {
    for (const kind of ['quota', 'permission'] as const) {
      const { scheduler, clock } = setUp([many()])
      ;(await first(scheduler)).fail({ kind, started: false })
      expect(candidate(scheduler, 'p#1')?.eta).toBe(0)
      ;(await first(scheduler)).settle({})
      await clock.advance(1000)
      for (let n = 0; n < 2; n++) {
        ;(await first(scheduler)).fail({ kind, started: false })
        await clock.advance(1000)
      }
      expect(candidate(scheduler, 'p#1')?.reason).toMatch('retired')
      const other = await scheduler.acquire(ask({ model: 'p/other' }))
      if (kind === 'permission') expect(other.key).toBe('p#1')
      else expect(other.key).not.toBe('p#1')
    }
  })

  it('is disabled and enabled by its operator, which wakes who waits', async () => {
    const { scheduler, clock } = setUp([provider('p', [[]])])
    expect(scheduler.adjustKey('nobody#1', { enabled: false })).toBe(false)
    expect(scheduler.adjustKey('p#1', { enabled: false })).toBe(true)
    const error = await scheduler.acquire(ask()).then(
      () => undefined,
      (error: GatewayError) => error,
    )
    expect(error).toMatchObject({ kind: 'queue_full', status: 503, code: 'no_key' })
    expect(scheduler.report().keys[0]?.state).toBe('disabled')
    scheduler.adjustKey('p#1', { enabled: true })
    await clock.advance(0)
    await expect(scheduler.acquire(ask())).resolves.toMatchObject({ key: 'p#1' })
  })
})

describe('a key that an administrator adjusts', () => {
  const share = async (scheduler: ReturnType<typeof setUp>['scheduler'], count: number) => {
    const served = { 'p#1': 0, 'p#2': 0 }
    for (let n = 0; n < count; n++) {
      const lease = await scheduler.acquire(ask())
      served[lease.key as 'p#1']++
      lease.settle({})
    }
    return served
  }

  it('gets nothing until its time, and is asked again then, by whoever waits', async () => {
    const { scheduler, clock } = setUp([provider('p', [[], []])])
    const rest = (key: string, ms: number) => scheduler.adjustKey(key, { restsUntil: clock.wall() + ms })
    expect(rest('nobody#1', 1000)).toBe(false)
    rest('p#1', 5000)
    expect(await share(scheduler, 10)).toEqual({ 'p#1': 0, 'p#2': 10 })
    const until = clock.wall() + 5000
    expect(scheduler.report().keys[0]).toMatchObject({ state: 'cooling', until, isSetToRest: true })
    expect(candidate(scheduler, 'p#1')).toMatchObject({ eta: 5000, reason: 'set to rest by an administrator' })
    rest('p#2', 3000)
    const waiting = scheduler.acquire(ask())
    await clock.advance(2999)
    expect(scheduler.report().queued).toBe(1)
    await clock.advance(2)
    expect((await waiting).key).toBe('p#2')
    scheduler.adjustKey('p#1', { restsUntil: 0 })
    expect((await share(scheduler, 10))['p#1']).toBeGreaterThanOrEqual(5)
    rest('p#1', 5000)
    scheduler.adjustKey('p#1', { enabled: true })
    expect(scheduler.report().keys[0]?.state).toBe('ready')
  })

  it('is given at once to who waits for the end of its rest, when that is ended', async () => {
    const { scheduler, clock } = setUp([provider('p', [[]])])
    scheduler.adjustKey('p#1', { restsUntil: clock.wall() + 20_000 })
    const waiting = scheduler.acquire(ask())
    await clock.advance(1000)
    scheduler.adjustKey('p#1', { restsUntil: 0 })
    await clock.advance(0)
    expect((await waiting).waited).toBe(1000)
  })

  it('gets its share of the traffic from the next request on', async () => {
    const { scheduler } = setUp([provider('p', [[], []])])
    await share(scheduler, 20)
    scheduler.adjustKey('p#1', { weight: 3 })
    expect(await share(scheduler, 40)).toEqual({ 'p#1': 30, 'p#2': 10 })
    expect(scheduler.report().keys).toMatchObject([{ weight: 3, configuredWeight: 1 }, { weight: 1 }])
    scheduler.adjustKey('p#1', { weight: null })
    expect(await share(scheduler, 40)).toEqual({ 'p#1': 20, 'p#2': 20 })
    expect(scheduler.report().keys[0]).not.toHaveProperty('configuredWeight')
  })

  it('is weighed by other strategies as well', async () => {
    const { scheduler } = setUp([provider('p', [[], []])], { options: { strategy: 'least-loaded' } })
    await share(scheduler, 20)
    scheduler.adjustKey('p#1', { weight: 3 })
    const leases = await Promise.all(Array.from({ length: 40 }, () => scheduler.acquire(ask())))
    expect(leases.filter(({ key }) => key === 'p#1').length).toBe(30)
  })

  it('does not sit out the turns of its light days', async () => {
    const { scheduler } = setUp([provider('p', [[], []])])
    scheduler.adjustKey('p#1', { weight: 0.01 })
    await share(scheduler, 300)
    scheduler.adjustKey('p#1', { weight: 1 })
    expect(Math.abs((await share(scheduler, 40))['p#1'] - 20)).toBeLessThanOrEqual(1)
  })
})

describe('a breaker', () => {
  it('is not opened by a single blip', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    await fail(scheduler, {})
    await fail(scheduler, {})
    expect(candidate(scheduler, 'p#1')?.eta).toBe(0)
  })

  it('is not opened by one request, however often that is tried', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    for (let n = 0; n < 6; n++) {
      const lease = await scheduler.acquire(ask({ id: 'once' }))
      lease.fail({ kind: 'server_error', started: false })
    }
    expect(candidate(scheduler, 'p#1')?.eta).toBe(0)
  })

  it('opens after repeated faults, empty answers among them, for this model only, and closes by one real request', async () => {
    const { scheduler, clock } = setUp([provider('p', [[]])], { options: { max_wait: 20_000 } })
    await fail(scheduler, {})
    await fail(scheduler, { kind: 'empty_answer', started: true })
    await fail(scheduler, { kind: 'timeout' })
    expect(candidate(scheduler, 'p#1')).toMatchObject({ eta: 5000, reason: 'circuit open after repeated faults' })
    expect((await scheduler.acquire(ask({ model: 'p/other' }))).key).toBe('p#1')
    await clock.advance(5000)
    const probe = await scheduler.acquire(ask())
    const second = scheduler.acquire(ask())
    expect(scheduler.report().queued).toBe(1)
    probe.settle({})
    await expect(second).resolves.toMatchObject({ key: 'p#1' })
  })

  it('opens twice as long when the real request fails as well', async () => {
    const { scheduler, clock } = setUp([provider('p', [[]])], { options: { max_wait: 50_000 } })
    for (let n = 0; n < 3; n++) await fail(scheduler, {})
    await clock.advance(5000)
    await fail(scheduler, {})
    expect(candidate(scheduler, 'p#1')?.eta).toBe(10_000)
  })

  it('stays half-open when its real request ends without telling', async () => {
    const { scheduler, clock } = setUp([provider('p', [[]])], { options: { max_wait: 10_000 } })
    for (let n = 0; n < 3; n++) await fail(scheduler, {})
    await clock.advance(5000)
    await fail(scheduler, { kind: 'cancelled', started: true })
    expect(candidate(scheduler, 'p#1')?.eta).toBe(0)
  })
})

describe('a slow key', () => {
  it('gets little before its first answer ends, and its share back once it is usual again', async () => {
    const { scheduler, clock } = setUp([provider('p', [[], []])])
    const shares = async (rounds: number, slow: boolean) => {
      const counts = { 'p#1': 0, 'p#2': 0 }
      for (let n = 0; n < rounds; n++) {
        const lease = await scheduler.acquire(ask())
        counts[lease.key as 'p#1']++
        const late = slow && lease.key === 'p#1'
        const stop = clock.setTimer(clock.now() + (late ? 60_000 : 2000), () =>
          lease.settle({ input: 100, output: 90 }),
        )
        void stop
        await clock.advance(1000)
      }
      return counts['p#1'] / rounds
    }
    expect(await shares(60, false)).toBeCloseTo(0.5, 1)
    expect(await shares(120, true)).toBeLessThan(0.2)
    await clock.advance(120_000)
    await shares(600, false)
    expect(await shares(100, false)).toBeCloseTo(0.5, 1)
  })
})

describe('tiers', () => {
  const tiers = (fallback_after: number) =>
    setUp([provider('free', [[rpm(1)]]), provider('paid', [[]])], {
      pools: [pool('chat', [route('free'), route('paid', { tier: 1 })])],
      options: { fallback_after, max_wait: 200_000 },
    })

  it('fall back at once when told to wait for nothing', async () => {
    const { scheduler } = tiers(0)
    expect((await scheduler.acquire(ask())).provider).toBe('free')
    expect((await scheduler.acquire(ask())).provider).toBe('paid')
  })

  it('fall back at once when the upper tier is known to be too late', async () => {
    const { scheduler } = tiers(10_000)
    await scheduler.acquire(ask())
    expect((await scheduler.acquire(ask())).provider).toBe('paid')
  })

  it('wait for the upper tier when it can serve in time', async () => {
    const { scheduler, clock } = tiers(90_000)
    await scheduler.acquire(ask())
    let provider = ''
    void scheduler.acquire(ask()).then((lease) => (provider = lease.provider))
    await clock.advance(59_000)
    expect(provider).toBe('')
    await clock.advance(2000)
    expect(provider).toBe('free')
  })
})

describe('a request', () => {
  it('goes only where its needs are met, and is told what is lacking when nowhere', async () => {
    const { scheduler } = setUp([provider('p', [[]]), provider('q', [[]])], {
      pools: [
        pool('chat', [
          route('p', { capabilities: { tools: false, context: 1000 } }),
          route('q', { capabilities: { vision: false, context: 4000 } }),
        ]),
      ],
    })
    for (let n = 0; n < 4; n++) expect((await scheduler.acquire(ask({ needs: { tools: true } }))).provider).toBe('q')
    for (let n = 0; n < 4; n++) expect((await scheduler.acquire(ask({ input: 2000 }))).provider).toBe('q')
    const error = await scheduler.acquire(ask({ needs: { tools: true, vision: true } })).then(
      () => undefined,
      (error: GatewayError) => error,
    )
    expect(error).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('p/m does not take tools; q/m does not take images'),
    })
  })

  it('for a model that is not there is told so', async () => {
    const { scheduler } = setUp([provider('p', [[]])])
    await expect(scheduler.acquire(ask({ model: 'nothing' }))).rejects.toMatchObject({ kind: 'unknown_model' })
    await expect(scheduler.acquire(ask({ model: 'q/m' }))).rejects.toMatchObject({ kind: 'unknown_model' })
    await expect(scheduler.acquire(ask({ model: 'p/vendor/m' }))).resolves.toMatchObject({ model: 'vendor/m' })
  })
})
