/**
 * What one pick costs with 10,000 keys, each serving 50 models, and what a key weighs: `node test/bench/scheduler.ts`.
 * Prints one line a measure.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import type { LimitSpec } from '../../src/scheduler/types.ts'

interface Size {
  keys: number
  models: number
  picks: number
}

const minute = { period: 60_000, shape: 'bucket' } as const
const limits: LimitSpec[] = [
  { metric: 'requests', amount: 60, ...minute },
  { metric: 'tokens', amount: 100_000, ...minute },
]

function spec({ keys: count, models }: Size) {
  const keys = Array.from({ length: count }, (_, index) => ({
    name: `p#${index + 1}`,
    weight: 1 + ((index * 7919) % 10),
    limits,
  }))
  const pools = Array.from({ length: models }, (_, index) => ({
    model: `m${index}`,
    weight: 1,
    routes: [{ provider: 'p', model: `m${index}`, weight: 1, tier: 0, limits: [] }],
    limits: [],
  }))
  return { providers: [{ name: 'p', weight: 1, keys, limits: [] }], pools, options: {} }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

interface Figures {
  meanMicroseconds: number
  p99Microseconds: number
  picksPerSecond: number
  bytesPerKey: number
  mostTimers: number
}

/** On a clock that is moved by hand, so that 1.2 times what the keys admit is asked for. */
export async function measure(size: Size): Promise<Figures> {
  const { keys, models: modelCount, picks } = size
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
  const given = spec(size)
  collect()
  const before = process.memoryUsage()
  const scheduler = createScheduler(given, clock)
  const request = { input: 100, maxOutput: 100, needs: {}, maxWait: 0 }
  const models = given.pools.map(({ model }) => model)
  for (const model of models) (await scheduler.acquire({ ...request, model })).settle({ input: 100, output: 50 })
  for (let pick = 0; pick < 2 * keys; pick++) {
    now += 60_000 / (60 * keys)
    const lease = await scheduler.acquire({ ...request, model: models[pick % modelCount] ?? '' })
    lease.settle({ input: 100, output: 50 })
  }
  collect()
  const after = process.memoryUsage()
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers

  const times = new Float64Array(picks)
  let served = 0
  const start = performance.now()
  for (let pick = 0; pick < picks; pick++) {
    now += 60_000 / (60 * keys * 1.2)
    const ask = { ...request, model: models[(pick * 7) % modelCount] ?? '' }
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
    meanMicroseconds: times.reduce((sum, time) => sum + time, 0) / picks,
    p99Microseconds: times[Math.floor(picks * 0.99)] ?? 0,
    picksPerSecond: Math.round((served * 1000) / elapsed),
    bytesPerKey: Math.round(bytes / keys),
    mostTimers,
  }
}

if (import.meta.main) {
  const size = { keys: Number(process.argv[2] ?? 10_000), models: 50, picks: 200_000 }
  const { meanMicroseconds, p99Microseconds, picksPerSecond, bytesPerKey, mostTimers } = await measure(size)
  console.log(`${size.keys} keys x ${size.models} models, every pool in use`)
  console.log(`pick      mean ${meanMicroseconds.toFixed(1)} us, p99 ${p99Microseconds.toFixed(1)} us`)
  console.log(`rate      ${picksPerSecond} acquired and settled in a second`)
  console.log(`weight    ${bytesPerKey} bytes a key`)
  console.log(`timers    ${mostTimers} at most`)
}
