/** Money of clients and of groups: counted exactly, whoever asks at once, over a reload and over a restart. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/scheduler/options.ts'
import type { Lease, LimitSpec } from '../../src/scheduler/types.ts'
import { ask, pool, provider, route, setUp } from './fixture.ts'
import { virtualClock } from './virtual-clock.ts'

const DAY = 86_400_000
const usd = (amount: number): LimitSpec => ({ metric: 'usd', amount, period: DAY, scope: 'client' })
/** A dollar for a thousand tokens, in and out. */
const price = { input: 1000, output: 1000 }
const pools = [pool('chat', [route('p', { price })])]
const options: SchedulerOptions = {
  clients: {
    alice: { limits: [usd(5)], groups: ['team'] },
    bob: { limits: [usd(20)], groups: ['team'] },
    carol: {},
  },
  groups: { team: { limits: [usd(12)] } },
}
const make = (clock = virtualClock()) => setUp([provider('p', [[], []])], { pools, options, clock })

interface Running {
  lease: Lease
  client: string
}

const step = fc.record({
  client: fc.constantFrom('alice', 'bob', 'carol'),
  input: fc.integer({ min: 1, max: 2000 }),
  maxOutput: fc.integer({ min: 1, max: 500 }),
  ends: fc.nat(3),
  used: fc.integer({ min: 1, max: 4000 }),
  fails: fc.boolean(),
  restarts: fc.boolean(),
})

test('nobody begins a request for which the money is not there, reservations of those in flight counted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = virtualClock()
      let { scheduler } = make(clock)
      const running: Running[] = []
      const spent: Record<string, number> = { alice: 0, bob: 0, carol: 0 }
      const left = (name: string): number =>
        scheduler.report().scopes.find(({ scope }) => scope === name)?.level ?? Infinity
      for (const { client, input, maxOutput, ends, used, fails, restarts } of steps) {
        const lease = await scheduler.acquire(ask({ client, input, maxOutput, maxWait: 0 })).catch(() => undefined)
        if (lease) {
          running.push({ lease, client })
          // what one request costs more than was reserved is all that a budget may be overrun by
          expect(spent['alice']).toBeLessThan(client === 'alice' ? 5 : Infinity)
          expect((spent['alice'] ?? 0) + (spent['bob'] ?? 0)).toBeLessThan(client === 'carol' ? Infinity : 12)
        }
        for (let n = 0; n < ends; n++) {
          const done = running.shift()
          if (!done) break
          if (fails) done.lease.fail({ kind: 'server_error', started: false })
          else {
            done.lease.settle({ input: used, output: 0, cost: used / 1000 })
            spent[done.client] = (spent[done.client] ?? 0) + used / 1000
          }
        }
        if (restarts && running.length === 0) {
          const snapshot = { ...scheduler.snapshot(), clean: true }
          ;({ scheduler } = make(clock))
          scheduler.restore(snapshot)
        }
        if (running.length === 0) {
          expect(5 - left('client alice')).toBeCloseTo(Math.min(spent['alice'] ?? 0, 5), 6)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('what is counted is what was spent, to the last digit, for the client and for its group', async () => {
  const { scheduler } = make()
  const leases = await Promise.all(
    ['alice', 'bob', 'alice', 'carol'].map((client) => scheduler.acquire(ask({ client, input: 10, maxOutput: 10 }))),
  )
  for (const [at, lease] of leases.entries()) lease.settle({ input: 100 * (at + 1), output: 0, cost: 0.1 * (at + 1) })
  const left = (name: string): number | undefined =>
    scheduler.report().scopes.find(({ scope }) => scope === name)?.level
  expect(left('client alice')).toBeCloseTo(5 - 0.4, 9)
  expect(left('client bob')).toBeCloseTo(20 - 0.2, 9)
  expect(left('group team')).toBeCloseTo(12 - 0.6, 9)
})

test('many at once take no more than the budget has room for', async () => {
  const { scheduler } = make()
  const asked = Array.from({ length: 50 }, () =>
    scheduler.acquire(ask({ client: 'alice', input: 900, maxOutput: 1, maxWait: 0 })),
  )
  const given = (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')
  expect(given.length).toBe(5)
})

test('budgets go on after a restart and a reload', async () => {
  const clock = virtualClock()
  const first = make(clock)
  ;(await first.scheduler.acquire(ask({ client: 'alice' }))).settle({ input: 4000, output: 0, cost: 4 })
  const second = make(clock)
  second.scheduler.restore({ ...first.scheduler.snapshot(), clean: true })
  const third = make(clock)
  second.scheduler.handOver(third.scheduler)
  for (const { scheduler } of [second, third]) {
    const scopes = Object.fromEntries(scheduler.report().scopes.map(({ scope, level }) => [scope, level]))
    expect(scopes).toMatchObject({ 'client alice': 1, 'group team': 8 })
  }
})

test('a limit that several clients share is told once', () => {
  const told = make()
    .scheduler.report()
    .scopes.map(({ scope, limit }) => `${scope} ${limit}`)
  expect(told.filter((each) => each.startsWith('group'))).toEqual(['group team usd/86400s'])
  expect(new Set(told).size).toBe(told.length)
})

test('who has spent its money is told so, and when there is more; others are served', async () => {
  const { scheduler } = make()
  const spend = async (client: string, dollars: number): Promise<void> =>
    (await scheduler.acquire(ask({ client }))).settle({ input: 100, output: 100, cost: dollars })
  await spend('alice', 5)
  await expect(scheduler.acquire(ask({ client: 'alice' }))).rejects.toMatchObject({
    kind: 'client_limit',
    status: 429,
    code: 'budget_exceeded',
    message: expect.stringMatching(
      /^The limit of client alice: usd per day: 0 of 5 left; try again in 24(\.\d)? hours\.$/,
    ) as string,
    retryAfter: expect.closeTo(DAY, -6) as number,
  })
  await spend('bob', 7)
  await expect(scheduler.acquire(ask({ client: 'bob' }))).rejects.toMatchObject({
    message: expect.stringContaining('group team: usd per day: 0 of 12 left') as string,
  })
  await expect(scheduler.acquire(ask({ client: 'carol' }))).resolves.toBeDefined()
})

test('a client’s own count of tokens is believed: no request is let through to ask', async () => {
  const tokens: LimitSpec = { metric: 'tokens', amount: 10_000, period: DAY, scope: 'client' }
  const clock = virtualClock()
  const { scheduler } = setUp([provider('p', [[]])], {
    pools,
    clock,
    options: { clients: { alice: { limits: [tokens] } } },
  })
  ;(await scheduler.acquire(ask({ client: 'alice', input: 10, maxOutput: 10 }))).settle({ input: 10_000, output: 0 })
  await clock.advance(3_600_000)
  await expect(scheduler.acquire(ask({ client: 'alice', input: 10, maxOutput: 10, maxWait: 0 }))).rejects.toMatchObject(
    { status: 429 },
  )
})

test('what one request may cost more than a budget holds at all is told so', async () => {
  const { scheduler } = make()
  await expect(scheduler.acquire(ask({ client: 'alice', input: 60_000 }))).rejects.toMatchObject({
    kind: 'too_large',
    message: expect.stringContaining('more than client alice may have at all (5 usd)') as string,
  })
  await expect(scheduler.acquire(ask({ client: 'carol', input: 60_000 }))).resolves.toBeDefined()
})
