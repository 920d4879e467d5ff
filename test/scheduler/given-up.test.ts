/** Requests that were given up, as nobody ended them in time, and that their provider still runs. */
import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/scheduler/types.ts'
import { ask, concurrency, provider, rpm, setUp } from './fixture.ts'

const TTL = 60_000

describe('a place of a request that was given up', () => {
  /** One key that runs `places` at once; all were given up, and the next one is refused. */
  async function refused(places: number, metric: 'concurrency' | 'requests' | undefined) {
    const { scheduler, clock } = setUp([provider('p', [[concurrency(places), rpm(600)]])], {
      options: { lease_ttl: TTL, max_wait: 30_000 },
    })
    const silent = await Promise.all(Array.from({ length: places }, () => scheduler.acquire(ask())))
    await clock.advance(TTL + 1)
    const next = await scheduler.acquire(ask())
    if (metric) next.observe([{ metric, period: metric === 'concurrency' ? 0 : 60_000, class: 'minute' }])
    next.fail({ kind: 'rate_limit', retryAfter: 1000, started: false })
    return { scheduler, clock, silent }
  }

  async function waits(scheduler: ReturnType<typeof setUp>['scheduler']) {
    let lease: Lease | undefined
    const served = scheduler.acquire(ask()).then((given) => (lease = given))
    await Promise.resolve()
    return { served, lease: () => lease }
  }

  it('is taken again from the first refusal on, until the request ends', async () => {
    const { scheduler, clock, silent } = await refused(1, 'concurrency')
    expect(scheduler.report().inFlight).toBe(1)
    const waiting = await waits(scheduler)
    await clock.advance(20_000)
    expect(waiting.lease()).toBeUndefined()
    silent[0]?.settle({ input: 100, output: 10 })
    await waiting.served
    waiting.lease()?.settle({})
    expect(scheduler.report().inFlight).toBe(0)
  })

  it('is one place for each refusal', async () => {
    const { scheduler, clock } = await refused(3, 'concurrency')
    expect(scheduler.report().inFlight).toBe(1)
    await clock.advance(2000)
    const more = [await scheduler.acquire(ask()), await scheduler.acquire(ask())]
    expect(scheduler.report().inFlight).toBe(3)
    for (const lease of more) lease.settle({})
    expect(scheduler.report().inFlight).toBe(1)
  })

  it('is given up again where nobody ends the request', async () => {
    const { scheduler, clock } = await refused(1, 'concurrency')
    await clock.advance(TTL + 1)
    expect(scheduler.report().inFlight).toBe(0)
    ;(await scheduler.acquire(ask())).settle({})
    expect(scheduler.report().inFlight).toBe(0)
  })

  it('stays free where the refusal is about something else, or the request has ended since', async () => {
    for (const metric of ['requests', undefined] as const)
      expect((await refused(1, metric)).scheduler.report().inFlight).toBe(0)
    const { scheduler, clock } = setUp([provider('p', [[concurrency(1)]])], { options: { lease_ttl: TTL } })
    const silent = await scheduler.acquire(ask())
    await clock.advance(TTL + 1)
    const next = await scheduler.acquire(ask())
    silent.settle({})
    next.observe([{ metric: 'concurrency', period: 0, class: 'minute' }])
    next.fail({ kind: 'rate_limit', retryAfter: 1000, started: false })
    expect(scheduler.report().inFlight).toBe(0)
  })
})
