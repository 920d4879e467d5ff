import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../src/chat/error.ts'
import { createDrainRate } from '../../src/scheduler/queue/drain-rate.ts'
import { RetryPromises } from '../../src/scheduler/queue/retry-after.ts'
import { STRATEGIES, WEIGHTED_FAIR } from '../../src/scheduler/select/strategies/index.ts'
import { ask, pool, provider, route, rpm, setUp, tpm } from './fixture.ts'

type Setting = ReturnType<typeof setUp>

interface Crowd {
  served: number
  told: number
  /** Of those who came back as told. */
  kept: number
  final: number
  waits: number[]
  /** Milliseconds from when a request was first made until it was served. */
  ages: number[]
}

/** No two requests of ten minutes are the same. */
let unlike = 0

/** Clients that come back once, when told, unless that is later than a minute. */
function crowd({ scheduler, clock }: Setting, count: number, outcome: Crowd, sizes = 5000, clients = 6): void {
  for (let n = 0; n < count; n++) {
    const request = ask({ client: `c${n % clients}`, input: 100 + (unlike++ % sizes) })
    const made = clock.now()
    const serve = (visit: number): void => {
      scheduler.acquire(request).then(
        (lease) => {
          lease.settle({ input: request.input, output: 10 })
          outcome.served++
          outcome.ages.push(clock.now() - made)
          if (visit > 0) outcome.kept++
        },
        ({ retryAfter = Infinity }: GatewayError) => {
          if (visit > 0) return
          if (retryAfter > 60_000) return void outcome.final++
          outcome.told++
          outcome.waits.push(retryAfter)
          clock.setTimer(clock.now() + retryAfter, () => serve(1))
        },
      )
    }
    serve(0)
  }
}

const empty = (): Crowd => ({ served: 0, told: 0, kept: 0, final: 0, waits: [], ages: [] })

describe('a Retry-After is a promise', () => {
  it.each(['bucket', undefined] as const)('kept after a burst (%s)', async (shape) => {
    const world = setUp([
      provider(
        'p',
        Array.from({ length: 7 }, () => [rpm(45, { shape })]),
      ),
    ])
    const outcome = empty()
    crowd(world, 900, outcome)
    await world.clock.advance(200_000)
    expect(outcome.told).toBeGreaterThan(250)
    expect(outcome.kept).toBeGreaterThanOrEqual(0.97 * outcome.told)
    expect(outcome.served + outcome.final).toBeGreaterThanOrEqual(890)
    expect(world.scheduler.report()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('not made anew of a moment that is here: nobody is told to come back at once', () => {
    const promises = new RetryPromises()
    const told = { at: 5000, since: 0, client: 'c', mark: 'm', size: 1, far: false, again: 0, place: -1 }
    promises.add(told)
    expect(promises.again('m', 4000)).toBe(told)
    for (const now of [4985, 5000, 5090]) expect(promises.again('m', now)).toBeUndefined()
  })

  it('kept to each of those who were told the same, as they look alike', () => {
    const promises = new RetryPromises()
    promises.add({ at: 5000, since: 0, client: 'c', mark: 'm', size: 1, far: false, again: 0, place: -1 })
    promises.again('m', 4000)
    for (const now of [5000, 5001]) expect(promises.claim('m', now)).toBeDefined()
    expect(promises.claim('m', 5002)).toBeUndefined()
    expect(promises.size).toBe(0)
  })

  it.each([5000, 400])('kept in standing overload, with no less served, of %i kinds of requests', async (sizes) => {
    const world = setUp([
      provider(
        'p',
        Array.from({ length: 5 }, () => [rpm(60, { shape: 'bucket' })]),
      ),
    ])
    const outcome = empty()
    // Seven a second, of which five can be served.
    for (let second = 0; second < 900; second++) {
      crowd(world, 7, outcome, sizes)
      await world.clock.advance(1000)
    }
    await world.clock.advance(120_000)
    expect(outcome.told).toBeGreaterThan(300)
    expect(outcome.kept).toBeGreaterThanOrEqual(0.8 * outcome.told)
    expect(outcome.served).toBeGreaterThanOrEqual(0.97 * 5 * 900)
  })

  it('no reason to wait longer and longer: in standing overload who comes is served soon, or sent away for good', async () => {
    const keys = Array.from({ length: 5 }, () => [rpm(60, { shape: 'bucket' })])
    const world = setUp([provider('p', keys)])
    const outcome = empty()
    let before = 0
    for (let second = 0; second < 900; second++) {
      // by then the overload stands
      if (second === 300) before = outcome.ages.length
      crowd(world, 10, outcome, 5000, 1)
      await world.clock.advance(1000)
    }
    expect(outcome.served).toBeGreaterThanOrEqual(0.97 * 5 * 900)
    const late = outcome.ages.slice(before)
    expect(late.filter((age) => age > 90_000).length).toBeLessThan(0.1 * late.length)
  })

  it('never made beyond what client libraries obey, where a minute is all that has to pass', async () => {
    const world = setUp([provider('p', [[rpm(20)]])])
    const outcome = empty()
    crowd(world, 40, outcome)
    await world.clock.advance(1)
    expect(outcome.waits).toHaveLength(20)
    for (const wait of outcome.waits) expect(wait).toBeLessThanOrEqual(60_000)
    await world.clock.advance(120_000)
    expect(outcome.kept).toBe(20)
  })

  it('the same for one who asks again too soon', async () => {
    const { scheduler, clock } = setUp([provider('p', [[rpm(1, { period: 20_000 })]])], { options: { max_wait: 0 } })
    ;(await scheduler.acquire(ask())).settle({})
    const first = await scheduler.acquire(ask()).catch((error: GatewayError) => error.retryAfter)
    await clock.advance(5000)
    const second = await scheduler.acquire(ask()).catch((error: GatewayError) => error.retryAfter)
    expect(second).toBeCloseTo((first as number) - 5000, -2)
  })
})

describe('who would be turned away falls back first', () => {
  const providers = [provider('a', [[rpm(30, { shape: 'bucket' })]]), provider('b', [[rpm(900, { shape: 'bucket' })]])]
  const pools = [pool('chat', [route('a'), route('b', { tier: 1 })])]
  it.each([7_000, 25_000, 49_000, 80_000])('fallback_after of %i ms', async (fallback_after) => {
    const world = setUp(providers, { pools, options: { fallback_after } })
    const outcome = empty()
    for (let second = 0; second < 400; second++) {
      crowd(world, 3, outcome)
      await world.clock.advance(1000)
    }
    await world.clock.advance(120_000)
    expect(outcome.served).toBeGreaterThanOrEqual(0.99 * 1200)
  })
})

describe('equal scores', () => {
  const own = () => 1
  it.each([WEIGHTED_FAIR, ...Object.keys(STRATEGIES), 'own'])('are shared by weights: %s', async (strategy) => {
    const { scheduler } = setUp(
      [provider('light', [[], []]), provider('heavy', [{ weight: 1 }, { weight: 2 }], { weight: 4 })],
      { options: { strategy, strategies: { own } } },
    )
    const counts = new Map<string, number>()
    for (let n = 0; n < 1400; n++) {
      const lease = await scheduler.acquire(ask())
      lease.settle({ input: 100, output: 10 })
      counts.set(lease.key, (counts.get(lease.key) ?? 0) + 1)
    }
    const due = { 'light#1': 1, 'light#2': 1, 'heavy#1': 4, 'heavy#2': 8 }
    for (const [key, weight] of Object.entries(due))
      expect(Math.abs((counts.get(key) ?? 0) / 1400 - weight / 14)).toBeLessThan(0.02)
  })

  it('a strategy of one’s own that throws costs the choice only, and is told of once a minute', async () => {
    const said: string[] = []
    const { scheduler, clock } = setUp([provider('p', [[rpm(9)], [rpm(9)]])], {
      options: {
        strategy: 'own',
        strategies: {
          own: () => {
            throw new Error('no such thing')
          },
        },
        complain: (message) => said.push(message),
      },
    })
    const keys = new Set<string>()
    for (let n = 0; n < 18; n++) {
      const lease = await scheduler.acquire(ask())
      keys.add(lease.key)
      lease.settle({})
    }
    expect(keys.size).toBe(2)
    expect(scheduler.report().inFlight).toBe(0)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('The strategy own threw "no such thing" for p#')
    await clock.advance(70_000)
    ;(await scheduler.acquire(ask())).settle({})
    expect(said.length).toBe(2)
  })
})

describe('a guess of the size', () => {
  it('is no reason to say that a request never fits', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(9000, { shape: 'bucket' })]])])
    ;(await scheduler.acquire(ask({ input: 40_000, maxOutput: 500 }))).settle({ input: 8000, output: 100 })
    await expect(scheduler.acquire(ask({ input: 80_000, maxOutput: 500 }))).rejects.toMatchObject({ kind: 'too_large' })
    // What the client itself says is none.
    await expect(scheduler.acquire(ask({ input: 10, maxOutput: 9500 }))).rejects.toMatchObject({ kind: 'too_large' })
  })

  it('nor is what others of its client had, or what cannot be seen of a picture', async () => {
    const { scheduler, clock } = setUp([provider('p', [[tpm(9000, { shape: 'bucket' })]])])
    for (let n = 0; n < 20; n++) {
      const lease = await scheduler.acquire(ask({ input: 10, maxOutput: 10 }))
      lease.settle({ input: 10, output: 10 })
    }
    await clock.advance(60_000)
    const repetitive = ask({ input: 25_000, maxOutput: 500 })
    ;(await scheduler.acquire(repetitive)).settle({ input: 5000, output: 100 })
    await clock.advance(60_000)
    const pictures = ask({ input: 80_000, least: 6000, maxOutput: 500 })
    ;(await scheduler.acquire(pictures)).settle({ input: 7000, output: 100 })
    const sure = ask({ input: 10_000, least: 8800, maxOutput: 500 })
    await expect(scheduler.acquire(sure)).rejects.toMatchObject({ kind: 'too_large' })
  })

  it('and each route’s vendor counts by its own rules', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(9000)]]), provider('q', [[tpm(9000)]])])
    const inputs = { 'p/m': { input: 20_000, least: 15_000 }, 'q/m': { input: 800, least: 400 } }
    for (let n = 0; n < 5; n++) {
      const lease = await scheduler.acquire(ask({ input: 10_000, least: 5000, inputs, maxOutput: 100 }))
      expect(lease.provider).toBe('q')
      lease.settle({ input: 800, output: 100 })
    }
  })

  it('nor that no route is long enough', async () => {
    const pools = [pool('chat', [route('p', { capabilities: { context: 8000 } })])]
    const { scheduler } = setUp([provider('p', [[]])], { pools })
    ;(await scheduler.acquire(ask({ input: 12_000, maxOutput: 100 }))).settle({})
    await expect(scheduler.acquire(ask({ input: 90_000 }))).rejects.toMatchObject({ kind: 'unsupported' })
  })

  it('counts what a provider reserves where the client sets no maximum', async () => {
    const { scheduler } = setUp([provider('p', [[tpm(10_000, { shape: 'bucket' })]], { assumes_output: 4096 })])
    await scheduler.acquire(ask({ maxOutput: null }))
    expect(scheduler.report().scopes[0]?.level).toBeLessThan(10_000 - 4096)
  })

  it('but no more than the model can answer, and never so much that no key could take it', async () => {
    const more = { assumes_output: 16_384 }
    const pools = [pool('chat', [route('p', { capabilities: { max_output: 2000 } })])]
    const short = setUp([provider('p', [[tpm(10_000, { shape: 'bucket' })]], more)], { pools })
    await short.scheduler.acquire(ask({ maxOutput: null }))
    expect(short.scheduler.report().scopes[0]?.level).toBeCloseTo(10_000 - 2000 - 105, -2)
    const small = setUp([provider('p', [[tpm(10_000, { shape: 'bucket' })]], more)])
    await small.scheduler.acquire(ask({ maxOutput: null }))
  })
})

it('those who will be back are a queue, and nobody is none, also where nobody is served', () => {
  const drainRate = createDrainRate(0)
  expect([drainRate.lasts(0, 1000), drainRate.lasts(2, 1000)]).toEqual([0, Infinity])
  for (let n = 0; n < 30; n++) drainRate.served(1000)
  expect([drainRate.lasts(0, 1000), drainRate.lasts(2, 1000)]).toEqual([0, 2000])
})
