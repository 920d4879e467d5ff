import { describe, expect, it } from 'vitest'
import { ask, provider, rpm, setUp, tpm } from './fixture.ts'
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

it('a data folder with a cut of the future, which holds for years, grows out of it within minutes', async () => {
  const clock = virtualClock()
  const spec = provider('p', [[rpm(60, { shape: 'bucket' })]])
  const { scheduler } = setUp([spec], { clock })
  ;(await scheduler.acquire(ask())).settle({ input: 100, output: 100 })
  const snapshot = scheduler.snapshot()
  for (const entry of Object.values(snapshot.entries)) {
    for (const limit of Object.values(entry.limits ?? {}))
      limit.learnt = { amount: 1, reason: 'wrong', share: -3, hold: 1e15, cutAt: 8e15 }
  }
  const next = setUp([spec], { clock }).scheduler
  next.restore(snapshot)
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000)
    const lease = await next.acquire(ask({ maxWait: 0 })).catch(() => undefined)
    lease?.settle({ input: 100, output: 100 })
  }
  expect(next.report().scopes[0]?.amount).toBe(60)
})

it('forgets what nobody declared: 9,000 long names of models, with impossible numbers', async () => {
  const limits = [rpm(100_000, { scope: 'key-model' })]
  const { scheduler, clock } = setUp([provider('p', [[]], { limits, models: { kept: {} } })])
  ;(await scheduler.acquire(ask({ model: 'p/kept' }))).settle({ input: 1, output: 1 })
  for (let i = 0; i < 9000; i++) {
    const odd = ODD[i % ODD.length] ?? 0
    const lease = await scheduler.acquire(ask({ model: `p/${'x'.repeat(480)}${i}`, input: 5 }))
    if (i % 2 === 0) lease.settle({ input: odd, output: odd })
    else lease.fail({ kind: 'not_found', started: false })
    if (i % 1000 === 0) await clock.advance(1000)
  }
  const { scopes, pools } = scheduler.report()
  expect(scopes.length).toBeLessThan(300)
  expect(pools.length).toBeLessThan(300)
  expect(scopes.some(({ scope }) => scope.includes('kept'))).toBe(true)
})
