import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../src/chat/error.ts'
import { ask, concurrency, provider, rpm, setUp, tpm } from './fixture.ts'

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: GatewayError) => error,
  )

describe('waiting for a key', () => {
  it('serves at once while a key has room', async () => {
    const { scheduler } = setUp([provider('a', [[rpm(60)]])])
    const lease = await scheduler.acquire(ask())
    expect(lease.id).toBe('a/m#a#1')
    expect(lease.waited).toBe(0)
    lease.settle({ input: 10, output: 10 })
    expect(scheduler.report().inFlight).toBe(0)
  })

  it('wakes the next request at the exact moment when a bucket has refilled, by one timer', async () => {
    const { scheduler, clock } = setUp([provider('a', [[rpm(1, { shape: 'bucket' })]])], {
      options: { max_wait: 200_000 },
    })
    ;(await scheduler.acquire(ask())).settle({})
    const second = scheduler.acquire(ask())
    expect(clock.timers).toBe(1)
    await clock.advance(60_000)
    let done = false
    void second.then(() => (done = true))
    await clock.advance(100)
    expect(done).toBe(false)
    await clock.advance(30)
    expect(done).toBe(true)
    expect((await second).waited).toBeCloseTo(60_120, -1)
    ;(await second).settle({})
    expect(clock.timers).toBe(0)
  })

  it('serves a waiting request as soon as another ends, where concurrency is the limit', async () => {
    const { scheduler } = setUp([provider('a', [[concurrency(1)]])])
    const first = await scheduler.acquire(ask())
    const second = scheduler.acquire(ask())
    expect(scheduler.report().queued).toBe(1)
    first.settle({})
    await expect(second).resolves.toMatchObject({ key: 'a#1' })
  })

  it('refuses at once, with the true time and the reason for each key, when the wait would be too long', async () => {
    const { scheduler } = setUp([provider('a', [[rpm(1)], [rpm(1)]])], { options: { max_wait: 10_000 } })
    for (let n = 0; n < 2; n++) (await scheduler.acquire(ask())).settle({})
    const error = await failure(scheduler.acquire(ask()))
    expect(error?.kind).toBe('queue_full')
    expect(error?.retryAfter).toBeGreaterThanOrEqual(60_000)
    expect(error?.retryAfter).toBeLessThan(60_200)
    expect(error?.extra?.['keys']).toMatchObject([
      { key: 'a#1', reason: 'a#1: requests per minute: 0 of 1 left' },
      { key: 'a#2' },
    ])
    expect(scheduler.report().queued).toBe(0)
  })

  it('forgets a client that leaves the queue', async () => {
    const { scheduler, clock } = setUp([provider('a', [[concurrency(1)]])])
    await scheduler.acquire(ask())
    const leaver = new AbortController()
    const second = failure(scheduler.acquire(ask({ signal: leaver.signal })))
    leaver.abort()
    expect((await second)?.kind).toBe('cancelled')
    expect(scheduler.report().queued).toBe(0)
    expect(clock.timers).toBe(0)
  })
})

describe('large and small requests of one client', () => {
  const refusalOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: GatewayError) => error,
    )

  it('a large one that needs longer than it may wait finds room when it comes back as told, and small ones go on', async () => {
    const { scheduler, clock } = setUp([provider('p', [[tpm(10_000, { shape: 'bucket', charge: 'input' })]])], {
      options: { max_wait: 20_000 },
    })
    let small = 0
    let refused = 0
    const smalls = (): void => {
      scheduler.acquire(ask({ input: 380 })).then(
        (lease) => {
          small++
          lease.settle({ input: 380, output: 10 })
        },
        () => refused++,
      )
    }
    for (let n = 0; n < 40; n++) smalls()
    await clock.advance(1000)
    const large = ask({ input: 6000 })
    const error = await refusalOf(scheduler.acquire(large))
    expect(error?.kind).toBe('queue_full')
    const told = error?.retryAfter ?? 0
    expect(told).toBeGreaterThan(20_000)
    expect(told).toBeLessThanOrEqual(60_000)
    const before = small
    for (let passed = 0; passed < told; passed += 2000) {
      smalls()
      await clock.advance(Math.min(2000, told - passed))
    }
    expect(small).toBeGreaterThan(before)
    const back = await scheduler.acquire({ ...large, maxWait: 1000 })
    back.settle({ input: 6000, output: 10 })
    expect(refused).toBeLessThan(40)
  })

  it('who does not come back keeps the room for two seconds at most', async () => {
    const { scheduler, clock } = setUp([provider('p', [[tpm(10_000, { shape: 'bucket', charge: 'input' })]])], {
      options: { max_wait: 20_000 },
    })
    ;(await scheduler.acquire(ask({ input: 9400 }))).settle({ input: 9400, output: 0 })
    const error = await refusalOf(scheduler.acquire(ask({ input: 8000 })))
    await clock.advance((error?.retryAfter ?? 0) + 2100)
    for (let n = 0; n < 20; n++) (await scheduler.acquire(ask({ input: 380, maxWait: 0 }))).settle({ input: 380 })
  })

  it('small ones pass any number of large ones that wait for another key', async () => {
    const { scheduler, clock } = setUp([
      provider('p', [[tpm(30_000, { charge: 'input' })], [tpm(3000, { charge: 'input' })]]),
    ])
    ;(await scheduler.acquire(ask({ input: 25_000 }))).settle({ input: 25_000, output: 0 })
    await clock.advance(30_000)
    const large = Array.from({ length: 6 }, () => scheduler.acquire(ask({ input: 9000, maxWait: 300_000 })))
    for (const each of large) each.catch(() => undefined)
    await clock.advance(10)
    const lease = await Promise.race([scheduler.acquire(ask({ input: 200 })), clock.advance(500).then(() => undefined)])
    expect(lease?.key).toBe('p#2')
  })
})

it('who waits for the last key that was in service hears at once that it has died', async () => {
  const { scheduler, clock } = setUp([provider('p', [[concurrency(1)], [], []])])
  for (const key of ['p#2', 'p#3']) scheduler.adjustKey(key, { enabled: false })
  const first = await scheduler.acquire(ask())
  let told: GatewayError | undefined
  void failure(scheduler.acquire(ask())).then((error) => (told = error))
  await clock.advance(100)
  first.fail({ kind: 'authentication', started: false })
  await clock.advance(1)
  expect(told).toMatchObject({ status: 503, message: expect.stringContaining('credentials refused (1)') })
  expect(scheduler.report()).toMatchObject({ queued: 0, inFlight: 0 })
})
