import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../src/chat/error.ts'
import { ask, concurrency, provider, rpm, setUp } from './fixture.ts'

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
