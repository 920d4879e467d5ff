/**
 * What one pick costs with 10,000 keys, each serving 50 models, and what a key weighs: `node test/bench/scheduler.ts`.
 * Prints one line a measure; `--expose-gc` makes the weight exact.
 */
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import type { LimitSpec } from '../../src/scheduler/contract.ts'

const KEYS = Number(process.argv[2] ?? 10_000)
const MODELS = 50
const PICKS = 200_000

const minute = { period: 60_000, shape: 'bucket' } as const
const limits: LimitSpec[] = [
  { metric: 'requests', amount: 60, ...minute },
  { metric: 'tokens', amount: 100_000, ...minute },
]

function spec() {
  const keys = Array.from({ length: KEYS }, (_, index) => ({
    name: `p#${index + 1}`,
    weight: 1 + ((index * 7919) % 10),
    limits,
  }))
  const pools = Array.from({ length: MODELS }, (_, index) => ({
    model: `m${index}`,
    weight: 1,
    routes: [{ provider: 'p', model: `m${index}`, weight: 1, tier: 0, limits: [] }],
    limits: [],
  }))
  return { providers: [{ name: 'p', weight: 1, keys, limits: [] }], pools, options: {} }
}

interface Figures {
  meanMicroseconds: number
  p99Microseconds: number
  picksPerSecond: number
  bytesPerKey: number
  mostTimers: number
}

/** A manual clock: the bench offers 1.2 times what the keys' request limits admit. */
export async function measure(): Promise<Figures> {
  let now = 0
  let timers = 0
  let mostTimers = 0
  const clock = {
    now: () => now,
    wall: () => now,
    setTimer: () => {
      mostTimers = Math.max(mostTimers, ++timers)
      let live = true
      return () => {
        if (live) timers--
        live = false
      }
    },
  }
  const given = spec()
  globalThis.gc?.()
  const before = process.memoryUsage()
  const scheduler = createScheduler(given, clock)
  const request = { input: 100, maxOutput: 100, needs: {}, maxWait: 0 }
  const models = given.pools.map(({ model }) => model)
  for (const model of models) (await scheduler.acquire({ ...request, model })).settle({ input: 100, output: 50 })
  for (let pick = 0; pick < 2 * KEYS; pick++) {
    now += 60_000 / (60 * KEYS)
    const lease = await scheduler.acquire({ ...request, model: models[pick % MODELS] ?? '' })
    lease.settle({ input: 100, output: 50 })
  }
  globalThis.gc?.()
  const after = process.memoryUsage()
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers

  const times = new Float64Array(PICKS)
  let served = 0
  const start = performance.now()
  for (let pick = 0; pick < PICKS; pick++) {
    now += 60_000 / (60 * KEYS * 1.2)
    const ask = { ...request, model: models[(pick * 7) % MODELS] ?? '' }
    const from = process.hrtime.bigint()
    const answer = scheduler.acquire(ask)
    times[pick] = Number(process.hrtime.bigint() - from) / 1000
    const lease = await answer.catch(() => undefined)
    if (lease) served++
    lease?.settle({ input: 100, output: 50 })
  }
  const elapsed = performance.now() - start
  times.sort()
  return {
    meanMicroseconds: times.reduce((sum, time) => sum + time, 0) / PICKS,
    p99Microseconds: times[Math.floor(PICKS * 0.99)] ?? 0,
    picksPerSecond: Math.round((served * 1000) / elapsed),
    bytesPerKey: Math.round(bytes / KEYS),
    mostTimers,
  }
}

if (import.meta.main) {
  const { meanMicroseconds, p99Microseconds, picksPerSecond, bytesPerKey, mostTimers } = await measure()
  console.log(`${KEYS} keys x ${MODELS} models, every pool in use`)
  console.log(`pick      mean ${meanMicroseconds.toFixed(1)} us, p99 ${p99Microseconds.toFixed(1)} us`)
  console.log(`rate      ${picksPerSecond} acquired and settled in a second`)
  console.log(`weight    ${bytesPerKey} bytes a key`)
  console.log(`timers    ${mostTimers} at most`)
}
