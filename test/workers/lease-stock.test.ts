/** Leases that workers have ahead of their requests: only where room is ample, never beyond a limit, none left over. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lease, LimitSpec, Scheduler } from '../../src/scheduler/types.ts'
import type { ToOwner, ToWorker } from '../../src/workers/messages.ts'
import { createRemoteScheduler, type RemoteScheduler } from '../../src/workers/remote-scheduler.ts'
import { createWorkerSession } from '../../src/workers/worker-session.ts'
import { ask, concurrency, provider, rpm, setUp, tpm } from '../scheduler/fixture.ts'
import type { VirtualClock } from '../scheduler/virtual-clock.ts'

/** A worker whose messages take a millisecond each way. */
function worker(scheduler: Scheduler, clock: VirtualClock) {
  const asked: ToOwner[] = []
  const session = createWorkerSession({
    scheduler: () => scheduler,
    page: () => Promise.resolve(''),
    administration: { administer: async () => ({}) },
    clients: () => [],
    heard: () => {},
    configuration: '',
    reloads: { state: () => ({ loaded: '' }), reload: () => Promise.resolve({ loaded: '' }) },
    counted: () => {},
    ready: () => {},
    failed: (cause) => expect.unreachable(String(cause)),
    send: (message: ToWorker) => onTime(() => remote.hear(message)),
  })
  const onTime = (fire: () => void): void => void clock.setTimer(clock.now() + 1, fire)
  const remote: RemoteScheduler = createRemoteScheduler(
    (message) => {
      asked.push(message)
      onTime(() => session.hear(message))
    },
    { now: clock.now, setTimer: (fire, delay) => void clock.setTimer(clock.now() + delay, fire) },
  )
  return { remote, session, asked }
}

/** Takes `count` leases, one each `pace` milliseconds. */
async function takeEach(remote: RemoteScheduler, clock: VirtualClock, count: number, pace: number, more = {}) {
  const leases: Lease[] = []
  for (let n = 0; n < count; n++) {
    void remote.acquire(ask(more)).then((lease) => leases.push(lease))
    await clock.advance(pace)
  }
  await clock.advance(5)
  return leases
}

const acquires = (asked: readonly ToOwner[]): ToOwner[] => asked.filter(([what]) => what === 'acquire')
const used = (scheduler: ReturnType<typeof setUp>['scheduler']): number[] =>
  scheduler.report().scopes.map(({ level, amount }) => amount - level)

test('a busy worker asks once for many where nothing is scarce, and gives back what it did not need', async () => {
  const { scheduler, clock } = setUp([provider('p', [[rpm(100_000)]])])
  const { remote, asked } = worker(scheduler, clock)
  const leases = await takeEach(remote, clock, 200, 1)
  expect(leases).toHaveLength(200)
  expect(new Set(leases).size).toBe(200)
  expect(acquires(asked).length).toBeLessThan(50)
  for (const lease of leases) lease.settle({ input: 100, output: 10 })
  await clock.advance(100)
  expect(scheduler.report().inFlight).toBe(0)
  expect(used(scheduler)).toEqual([200])
})

test('requests that come one by one are asked for one by one', async () => {
  const { scheduler, clock } = setUp([provider('p', [[]])])
  const { remote, asked } = worker(scheduler, clock)
  await takeEach(remote, clock, 20, 30)
  expect(acquires(asked).map((message) => message[3])).toEqual(Array.from({ length: 20 }, () => 0))
})

test.each<[string, LimitSpec[], object]>([
  ['a small window', [rpm(150)], {}],
  ['few tokens', [tpm(30_000)], {}],
  ['a window below a second', [rpm(100_000, { period: 500 })], {}],
  ['few places', [concurrency(50)], {}],
  ['a prompt that some key has in its cache', [rpm(100_000)], { affinity: 'prompt' }],
  ['a retry that shuns a key', [rpm(100_000)], { exclude: new Set(['p/m#p#2']) }],
  ['a question why', [rpm(100_000)], { explain: true }],
])('each lease is decided by itself: %s', async (_name, limits, more) => {
  const { scheduler, clock } = setUp([provider('p', [limits], { cache_per_key: true })])
  const { remote, asked } = worker(scheduler, clock)
  const leases = await takeEach(remote, clock, 40, 1, more)
  expect(leases).toHaveLength(40)
  expect(acquires(asked)).toHaveLength(40)
})

test('after a fault nothing is used that was given before it', async () => {
  const { scheduler, clock } = setUp([provider('p', [[rpm(100_000)]])])
  const { remote, asked } = worker(scheduler, clock)
  const [first] = await takeEach(remote, clock, 100, 1)
  const before = acquires(asked).length
  first?.fail({ kind: 'server_error', started: false })
  await takeEach(remote, clock, 1, 1)
  expect(acquires(asked)).toHaveLength(before + 1)
})

test('a client that leaves while more was asked for leaves nothing behind', async () => {
  const { scheduler, clock } = setUp([provider('p', [[rpm(100_000)]])])
  const { remote } = worker(scheduler, clock)
  const given = await takeEach(remote, clock, 30, 1)
  for (const delay of [0, 1, 2, 3]) {
    const leaver = new AbortController()
    const asked = Array.from({ length: 30 }, () => remote.acquire(ask({ signal: leaver.signal })))
    await clock.advance(delay)
    leaver.abort()
    for (const one of await Promise.allSettled(asked))
      if (one.status === 'fulfilled') one.value.fail({ kind: 'cancelled', started: false })
  }
  for (const lease of given) lease.settle({ input: 100, output: 10 })
  await clock.advance(200)
  expect(scheduler.report().inFlight).toBe(0)
})

test('however workers take and give back, no window is exceeded by what they send, and nothing stays reserved', async () => {
  const step = fc.record({
    who: fc.nat(2),
    pace: fc.integer({ min: 0, max: 30 }),
    burst: fc.integer({ min: 1, max: 60 }),
  })
  const limit = fc.record({
    amount: fc.integer({ min: 1, max: 1200 }),
    shape: fc.constantFrom('bucket' as const, 'sliding' as const, 'fixed' as const),
    period: fc.constantFrom(1000, 5000),
  })
  await fc.assert(
    fc.asyncProperty(limit, fc.array(step, { minLength: 5, maxLength: 60 }), async (spec, steps) => {
      const { scheduler, clock } = setUp([provider('p', [[rpm(spec.amount, spec)]])], { options: { max_wait: 60_000 } })
      const workers = [worker(scheduler, clock), worker(scheduler, clock), worker(scheduler, clock)]
      const sent: number[] = []
      let open = 0
      for (const { who, pace, burst } of steps) {
        for (let n = 0; n < burst; n++) {
          open++
          const asked = workers[who]?.remote.acquire(ask({ maxWait: 60_000 }))
          asked
            ?.then(
              (lease) => {
                sent.push(clock.now())
                clock.setTimer(clock.now() + 3, () => lease.settle({ input: 100, output: 10 }))
              },
              () => {},
            )
            .finally(() => open--)
        }
        await clock.advance(pace)
      }
      await clock.advance(70_000)
      expect(open).toBe(0)
      expect(excessOf(sent, spec)).toBeLessThan(1)
      expect(scheduler.report().inFlight).toBe(0)
    }),
    { numRuns: 60 },
  )
})

/** The way of a message, and of a lease that lay ready. */
const SPREAD = 12

/** Requests beyond what a provider would have let in that takes them so many milliseconds earlier or later. */
function excessOf(
  sent: number[],
  { amount, period, shape }: { amount: number; period: number; shape: string },
): number {
  const times = sent.toSorted((a, b) => a - b)
  let excess = 0
  let level = amount
  let last = 0
  times.forEach((at, index) => {
    if (shape === 'bucket') {
      level = Math.min(amount, level + ((at - last) * amount) / period) - 1
      last = at
      excess = Math.max(excess, -level - (SPREAD * amount) / period)
    } else {
      const first = times.findIndex((other) => other > at - period + SPREAD)
      excess = Math.max(excess, index - first + 1 - amount)
    }
  })
  return excess
}
