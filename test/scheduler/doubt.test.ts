import { describe, expect, it } from 'vitest'
import type { Lease, LimitSignal } from '../../src/scheduler/types.ts'
import { ask, provider, rpm, setUp, tpm } from './fixture.ts'
import { virtualClock } from './virtual-clock.ts'

const MINUTE = 60_000
const now = { maxWait: 0 }

async function refuse(lease: Lease, signal: LimitSignal, retryAfter?: number) {
  lease.observe([signal])
  lease.fail({ kind: 'rate_limit', retryAfter, started: false })
}

describe('a rest that was told and lasts long', () => {
  it('is asked about by one request after a minute, then after two, four and eight', async () => {
    const { scheduler, clock } = setUp([provider('p', [[rpm(60)]])])
    const spent: LimitSignal = { metric: 'requests', class: 'day' }
    await refuse(await scheduler.acquire(ask()), spent)
    const asked: number[] = []
    for (let second = 0; second < 40 * 60; second++) {
      await clock.advance(1000)
      const lease = await scheduler.acquire(ask(now)).catch(() => undefined)
      if (!lease) continue
      await expect(scheduler.acquire(ask(now))).rejects.toMatchObject({ kind: 'queue_full' })
      asked.push(second + 1)
      await refuse(lease, spent)
    }
    expect(asked.map((second) => Math.round(second / 60))).toEqual([1, 3, 7, 15, 23, 31, 39])
  })

  it('ends with the first answer, and clients are told its end until then', async () => {
    const clock = virtualClock(Date.parse('2026-01-15T12:00:00Z'))
    const { scheduler } = setUp([provider('p', [[rpm(60)]])], { clock })
    await refuse(await scheduler.acquire(ask()), { metric: 'requests', class: 'day' })
    await expect(scheduler.acquire(ask(now))).rejects.toMatchObject({ retryAfter: 12 * 60 * MINUTE })
    await clock.advance(MINUTE + 1)
    ;(await scheduler.acquire(ask(now))).settle({ input: 1, output: 1 })
    await expect(scheduler.acquire(ask(now))).resolves.toMatchObject({ key: 'p#1' })
  })

  it('is not asked about where our own count says the same', async () => {
    const day = { metric: 'requests', amount: 2, period: 24 * 60 * MINUTE, shape: 'calendar' } as const
    const { scheduler, clock } = setUp([provider('p', [[day]])])
    const leases = [await scheduler.acquire(ask()), await scheduler.acquire(ask())]
    leases[0]?.settle({ input: 1, output: 1 })
    leases[1]?.settle({ input: 1, output: 1 })
    await clock.advance(30 * MINUTE)
    await expect(scheduler.acquire(ask(now))).rejects.toMatchObject({ kind: 'queue_full' })
  })

  it('counts what others are said to have used of a day as hearsay', async () => {
    const day = { metric: 'requests', amount: 1000, period: 24 * 60 * MINUTE, shape: 'sliding' } as const
    const { scheduler, clock } = setUp([provider('p', [[day]])])
    const lease = await scheduler.acquire(ask())
    lease.observe([{ metric: 'requests', period: 24 * 60 * MINUTE, limit: 1000, remaining: 0 }])
    lease.settle({ input: 1, output: 1 })
    await expect(scheduler.acquire(ask(now))).rejects.toMatchObject({ kind: 'queue_full' })
    await clock.advance(MINUTE + 1)
    ;(await scheduler.acquire(ask(now))).settle({ input: 1, output: 1 })
    expect(scheduler.report().scopes[0]?.level).toBe(998)
  })

  it('is asked about when an answer claims a use that its request could not have had', async () => {
    const day = tpm(1_000_000, { period: 24 * 60 * MINUTE })
    const { scheduler, clock } = setUp([provider('p', [[day]])])
    ;(await scheduler.acquire(ask())).settle({ input: 9e7, output: 10 })
    await expect(scheduler.acquire(ask(now))).rejects.toMatchObject({ kind: 'queue_full' })
    await clock.advance(MINUTE + 1)
    ;(await scheduler.acquire(ask(now))).settle({ input: 100, output: 10 })
    await expect(scheduler.acquire(ask(now))).resolves.toMatchObject({ key: 'p#1' })
  })

  it('of a size that never fits is asked again, too', async () => {
    const { scheduler, clock } = setUp([provider('p', [[], []])])
    const large = ask({ input: 30_000, maxWait: 0 })
    await refuse(await scheduler.acquire(large), { metric: 'tokens', limit: 20_000, class: 'too-large' })
    const reason = () => scheduler.explain(large).find(({ key }) => key === 'p#1')?.reason
    for (let n = 0; n < 3; n++) expect((await scheduler.acquire(large)).key).toBe('p#2')
    expect(reason()).toContain('larger')
    await clock.advance(MINUTE + 1)
    expect(reason()).not.toContain('larger')
    const asks = await scheduler.acquire(large)
    expect(asks.key).toBe('p#1')
    asks.settle({ input: 30_000, output: 10 })
    await expect(scheduler.acquire(large)).resolves.toMatchObject({ key: 'p#1' })
  })
})
