/** One scheduler takes over from another while requests run and wait. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Lease, ProviderSpec } from '../../src/scheduler/types.ts'
import { ask, concurrency, pool, provider, route, rpm, setUp, tpm } from './fixture.ts'

function exchange(before: ProviderSpec[], after: ProviderSpec[], model = 'chat') {
  const old = setUp(before)
  const pools = [
    pool(
      model,
      after.map(({ name }) => route(name)),
    ),
  ]
  const { scheduler: next } = setUp(after, { clock: old.clock, pools })
  return { old: old.scheduler, next, clock: old.clock, swap: () => old.scheduler.handOver(next) }
}

const used = (scheduler: ReturnType<typeof setUp>['scheduler'], limit: string): number | undefined => {
  const found = scheduler.report().scopes.find((scope) => scope.limit.startsWith(limit))
  return found && found.amount - found.level
}

it('a running request goes on holding its concurrency, until it ends', async () => {
  const spec = [provider('acme', [[concurrency(1)]])]
  const { old, next, swap } = exchange(spec, spec)
  const lease = await old.acquire(ask())
  swap()
  expect(next.report()).toMatchObject({ inFlight: 1 })
  await expect(next.acquire(ask({ maxWait: 0 }))).rejects.toMatchObject({ kind: 'queue_full' })
  const waiting = next.acquire(ask())
  lease.settle({ input: 1, output: 1 })
  expect((await waiting).key).toBe('acme#1')
  expect(old.report()).toEqual(next.report())
})

it('what it used in the end is charged, once', async () => {
  const spec = [provider('acme', [[rpm(10), tpm(10_000, { charge: 'input' })]])]
  const { old, next, swap } = exchange(spec, spec)
  const lease = await old.acquire(ask())
  const first = used(old, 'tokens') ?? 0
  const refused = await old.acquire(ask())
  const both = used(old, 'tokens') ?? 0
  swap()
  expect([used(next, 'requests'), used(next, 'tokens')]).toEqual([2, both])
  lease.settle({ input: 30, output: 20 })
  lease.settle({ input: 30, output: 20 })
  expect([used(next, 'requests'), used(next, 'tokens')]).toEqual([2, both - first + 30])
  refused.fail({ kind: 'overloaded', started: false })
  expect([used(next, 'requests'), used(next, 'tokens')]).toEqual([1, 30])
})

it('a refusal and what its headers said reach the new one', async () => {
  const spec = [provider('acme', [[rpm(10)], [rpm(10)]])]
  const { old, next, swap } = exchange(spec, spec)
  const lease = await old.acquire(ask())
  swap()
  lease.observe([{ metric: 'requests', period: 60_000, remaining: 2 }])
  lease.fail({ kind: 'rate_limit', retryAfter: 5000, started: false })
  expect(next.explain(ask()).find(({ key }) => key === lease.key)?.eta).toBeGreaterThanOrEqual(5000)
})

it('a request that waits is served by the new one, with the time that it has waited', async () => {
  const { old, next, clock, swap } = exchange(
    [provider('acme', [[concurrency(1)]])],
    [provider('acme', [[concurrency(1)], [concurrency(1)]])],
  )
  const running = await old.acquire(ask())
  const waiting = old.acquire(ask({ maxWait: 10_000 }))
  await clock.advance(2000)
  swap()
  expect(await waiting).toMatchObject({ key: 'acme#2', waited: 2000 })
  running.settle({})
  expect(next.report()).toMatchObject({ inFlight: 1, queued: 0 })
})

it('a request runs on where its public model has another name now', async () => {
  const spec = [provider('acme', [[concurrency(1)]])]
  const { old, next, swap } = exchange(spec, spec, 'renamed')
  const lease = await old.acquire(ask())
  swap()
  expect(next.report()).toMatchObject({ inFlight: 1 })
  lease.fail({ kind: 'cancelled', started: true })
  expect(next.report()).toMatchObject({ inFlight: 0 })
  expect((await next.acquire(ask({ model: 'renamed' }))).key).toBe('acme#1')
})

it('a request whose key is gone just ends', async () => {
  const { old, next, swap } = exchange([provider('acme', [[]])], [provider('other', [[]])])
  const lease = await old.acquire(ask())
  swap()
  lease.started(10)
  lease.settle({ input: 1, output: 1 })
  expect(next.report()).toMatchObject({ inFlight: 0 })
})

it('goes on over two exchanges', async () => {
  const spec = [provider('acme', [[concurrency(1), rpm(10)]])]
  const { old, next, clock, swap } = exchange(spec, spec)
  const lease = await old.acquire(ask())
  swap()
  const { scheduler: third } = setUp(spec, { clock })
  next.handOver(third)
  expect(third.report()).toMatchObject({ inFlight: 1 })
  lease.settle({})
  expect(third.report()).toMatchObject({ inFlight: 0 })
  expect(used(third, 'requests')).toBe(1)
  expect((await old.acquire(ask())).key).toBe('acme#1')
  expect(third.report()).toMatchObject({ inFlight: 1 })
})

it('no number of exchanges lets a key take more at once, loses a request that waits, or counts one twice', async () => {
  const spec = [
    provider('acme', [
      [concurrency(2), rpm(1000)],
      [concurrency(1), rpm(1000)],
    ]),
  ]
  const acts = fc.array(fc.constantFrom('ask', 'ask', 'settle', 'fail', 'exchange', 'later'), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      const { scheduler, clock } = setUp(spec)
      let current = scheduler
      const open: Lease[] = []
      const asked: Promise<unknown>[] = []
      let most = 0
      const end = (act: string): void => {
        const lease = open.shift()
        if (act === 'settle') lease?.settle({ input: 1, output: 1 })
        else lease?.fail({ kind: 'cancelled', started: true })
      }
      for (const act of list) {
        if (act === 'ask') asked.push(current.acquire(ask({ maxWait: 1e9 })).then((lease) => open.push(lease)))
        else if (act === 'exchange') {
          const { scheduler: next } = setUp(spec, { clock })
          current.handOver(next)
          current = next
        } else if (act === 'later') await clock.advance(1)
        else end(act)
        await clock.advance(0)
        most = Math.max(most, ...[1, 2].map((n) => open.filter(({ key }) => key === `acme#${n}`).length / (3 - n)))
        expect(current.report().inFlight).toBe(open.length)
      }
      while (open.length > 0) {
        end('settle')
        await clock.advance(0)
      }
      await Promise.all(asked)
      expect(most).toBeLessThanOrEqual(1)
      expect(current.report()).toMatchObject({ inFlight: 0, queued: 0 })
      const requests = current.report().scopes.filter(({ limit }) => limit.startsWith('requests'))
      expect(requests.reduce((sum, { amount, level }) => sum + amount - level, 0)).toBe(asked.length)
    }),
    { numRuns: 100 },
  )
})

it('what is known of crowded requests survives a restart and a reload, and goes on for keys that meet a model later', async () => {
  const spec = [
    provider('acme', [[rpm(600)], [rpm(600)]], { limits: [rpm(600, { scope: 'key-model', metric: 'requests' })] }),
  ]
  const { scheduler, clock } = setUp(spec)
  const learnt = (each: typeof scheduler): (string | undefined)[] =>
    each.report().scopes.flatMap(({ learnt }) => (learnt?.includes('crowded') ? learnt : []))
  // ten a second and no more at once than two
  for (let second = 0; second < 60 && learnt(scheduler).length === 0; second++) {
    const leases: Lease[] = []
    for (let n = 0; n < 8; n++) {
      const lease = await scheduler.acquire(ask({ maxWait: 0 })).catch(() => undefined)
      if (lease) leases.push(lease)
    }
    for (const [n, lease] of leases.entries()) {
      if (n < 4) lease.settle({ input: 10, output: 10 })
      else lease.fail({ kind: 'rate_limit', started: false })
    }
    await clock.advance(5000)
  }
  const before = learnt(scheduler)
  expect(before.length).toBeGreaterThan(0)
  const kept = JSON.parse(JSON.stringify(scheduler.snapshot())) as ReturnType<typeof scheduler.snapshot>
  const restarted = setUp(spec, { clock }).scheduler
  restarted.restore(kept)
  expect(new Set(learnt(restarted))).toEqual(new Set(before))
  const reloaded = setUp(spec, { clock }).scheduler
  scheduler.handOver(reloaded)
  expect(new Set(learnt(reloaded))).toEqual(new Set(before))
  // nonsense is left out
  for (const entry of Object.values(kept.entries))
    for (const belief of Object.values(entry.beliefs ?? {}))
      Object.assign(belief, { most: -1, speed: 1e9, cutAt: 8e15 })
  const healed = setUp(spec, { clock }).scheduler
  healed.restore(kept)
  expect(learnt(healed)).toEqual([])
})

it('an answer that goes on is not given up, however long it takes; a silent one is', async () => {
  const { scheduler, clock } = setUp([provider('acme', [[concurrency(3)]])], { options: { lease_ttl: 60_000 } })
  const flowing = await scheduler.acquire(ask())
  const silent = await scheduler.acquire(ask())
  for (let n = 0; n < 20; n++) {
    await clock.advance(20_000)
    flowing.alive()
  }
  expect(scheduler.report().inFlight).toBe(1)
  await clock.advance(130_000)
  expect(scheduler.report().inFlight).toBe(0)
  silent.settle({})
  flowing.settle({})
  expect(scheduler.report().inFlight).toBe(0)
})
