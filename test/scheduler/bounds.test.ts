import { describe, expect, it } from 'vitest'
import { ask, provider, setUp, tpm } from './fixture.ts'
import { virtualClock } from './virtual-clock.ts'

const ODD = [1e308, Infinity, -1e308, -5, Number.NaN]

describe('one request', () => {
  it('owes a window no more than the window, whatever its upstream says it used', async () => {
    for (const charge of ['reserve-max', 'predicted', 'actual'] as const) {
      for (const shape of ['bucket', 'sliding'] as const) {
        for (const odd of [...ODD, 9e7]) {
          const { scheduler, clock } = setUp([provider('p', [[tpm(10_000, { charge, shape })]])])
          ;(await scheduler.acquire(ask())).settle({ input: odd, output: odd })
          await clock.advance(121_000)
          const lease = await scheduler.acquire(ask({ maxWait: 0 }))
          expect(lease.key).toBe('p#1')
        }
      }
    }
  })

  it('with a maximum that is no number is the client’s mistake, and costs no key anything', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(10_000)]])])
    for (const maxOutput of [-1, -1e308, Number.NaN]) {
      await expect(scheduler.acquire(ask({ maxOutput }))).rejects.toMatchObject({
        kind: 'invalid_request',
        status: 400,
      })
    }
    await expect(scheduler.acquire(ask({ maxOutput: 1e308 }))).rejects.toMatchObject({ kind: 'too_large' })
    expect(scheduler.report().scopes.find(({ limit }) => limit === 'tokens/60s')?.level).toBe(10_000)
  })
})

it('a data folder with impossible debts and rests heals at start', async () => {
  for (const shape of ['bucket', 'sliding'] as const) {
    const clock = virtualClock()
    const { scheduler } = setUp([provider('p', [[tpm(10_000, { shape })]])], { clock })
    ;(await scheduler.acquire(ask())).settle({ input: 100, output: 100 })
    const snapshot = scheduler.snapshot()
    for (const entry of Object.values(snapshot.entries)) {
      entry.until = 8e15
      for (const limit of Object.values(entry.limits ?? {})) {
        limit.until = 8e15
        if (limit.state) limit.state[1] = shape === 'bucket' ? -2.8e9 : 2.8e9
      }
    }
    const next = setUp([provider('p', [[tpm(10_000, { shape })]])], { clock })
    next.scheduler.restore(snapshot)
    await clock.advance(61_000)
    await expect(next.scheduler.acquire(ask({ maxWait: 0 }))).resolves.toMatchObject({ key: 'p#1' })
  }
})
