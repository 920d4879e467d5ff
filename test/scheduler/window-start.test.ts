/** Fixed windows whose beginning no header tells: where requests wait, one of them asks. */
import { describe, expect, it } from 'vitest'
import { fixedWindow, type Enforcement } from '../../src/scheduler/simulator/enforcement.ts'
import { ask, concurrency, pool, provider, route, rpm, setUp } from './fixture.ts'

const MINUTE = 60_000
const KEYS = 6
const AMOUNT = 60

interface Seen {
  served: number
  refused: number
}

/** Keys whose windows begin one after the other, under a load that is a part of what they can take. @param told what a refusal says */
async function live(load: number, minutes: number, told: (wait: number) => number | undefined): Promise<Seen> {
  const keys = Array.from({ length: KEYS }, () => [rpm(AMOUNT, { shape: 'fixed' })])
  const { scheduler, clock } = setUp([provider('p', keys)])
  const upstream = new Map<string, Enforcement>()
  const seen = { served: 0, refused: 0 }
  for (let tenth = 0; tenth < minutes * 600; tenth++) {
    const due = (part: number): number => Math.floor((part * KEYS * AMOUNT * load) / 600)
    for (let nth = due(tenth); nth < due(tenth + 1); nth++) {
      void scheduler.acquire(ask({ maxWait: 20_000 })).then(
        (lease) => {
          const nth = Number(lease.id.split('#').at(-1))
          const limit = upstream.get(lease.id) ?? fixedWindow(AMOUNT, MINUTE, (nth * MINUTE) / KEYS)
          upstream.set(lease.id, limit)
          const wait = limit.wait(clock.now(), 1)
          if (wait > 0) {
            seen.refused++
            return lease.fail({ kind: 'rate_limit', retryAfter: told(wait), started: false })
          }
          limit.take(clock.now(), 1)
          seen.served++
          lease.settle({ input: 100, output: 10 })
        },
        () => {},
      )
    }
    await clock.advance(100)
  }
  return seen
}

describe('fixed windows whose beginning nobody tells', () => {
  it('are asked by one request a key, and of the first a second one, and used whole from then on', async () => {
    const { served, refused } = await live(1.5, 10, (wait) => wait)
    // ten windows and the part of one that had begun before; a sliding count fills nine and a half
    expect(served).toBeGreaterThanOrEqual(0.99 * 10 * KEYS * AMOUNT)
    expect(refused).toBeLessThanOrEqual(KEYS + 1)
  })

  it('are not asked while there is room elsewhere', async () => {
    expect(await live(0.9, 10, (wait) => wait)).toMatchObject({ refused: 0 })
  })

  it('are asked once, where the refusal says nothing', async () => {
    const { served, refused } = await live(1.5, 10, () => undefined)
    expect(served).toBeGreaterThanOrEqual(0.93 * 10 * KEYS * AMOUNT)
    expect(refused).toBeLessThanOrEqual(KEYS)
  })

  it('are as before, where refusals always say the same', async () => {
    const { served, refused } = await live(1.5, 10, () => 5000)
    expect(served).toBeGreaterThanOrEqual(0.9 * 10 * KEYS * AMOUNT)
    expect(refused).toBeLessThanOrEqual(2)
  })

  it('are asked with a model that can serve the request', async () => {
    const limits = [rpm(1, { shape: 'fixed' }), concurrency(1)]
    const routes = [route('p', { model: 'blind', capabilities: { vision: false } }), route('p', { model: 'seeing' })]
    const { scheduler, clock } = setUp([provider('p', [limits, limits])], { pools: [pool('chat', routes)] })
    const before = [await scheduler.acquire(ask()), await scheduler.acquire(ask())]
    const waiting = scheduler.acquire(ask({ needs: { vision: true }, maxWait: 2 * MINUTE }))
    await clock.advance(1)
    for (const lease of before) lease.settle({ input: 100, output: 10 })
    await clock.advance(2 * MINUTE)
    expect((await waiting).model).toBe('seeing')
  })
})
