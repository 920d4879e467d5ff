import { describe, expect, it } from 'vitest'
import type { LimitSpec } from '../../src/scheduler/types.ts'
import { ask, concurrency, provider, rpm, setUp } from './fixture.ts'

/** One every 10 s. */
const BUCKET = rpm(6, { shape: 'bucket' })

/** Keys with nothing left, and clients of weights 1, 2 and 3. */
async function setUpEmpty(keys: LimitSpec[][]) {
  const { scheduler, clock } = setUp([provider('a', keys)], {
    options: { max_wait: 600_000, clients: { one: { weight: 1 }, two: { weight: 2 }, three: { weight: 3 } } },
  })
  const served = new Map<string, number>()
  const join = (id: string, client = 'one'): void => {
    void scheduler.acquire(ask({ id, client })).then((lease) => {
      served.set(id, clock.now())
      lease.settle({})
    })
  }
  const told = async () =>
    (await scheduler.waiting(50)).map(({ id = '', eta }) => ({ id, at: clock.now() + (eta ?? 0) }))
  for (let n = 0; scheduler.report().queued === 0; n++) {
    join(`filler ${n}`)
    await clock.advance(0)
  }
  await clock.advance(20_000)
  for (let n = 0; scheduler.report().queued === 0; n++) {
    join(`late filler ${n}`)
    await clock.advance(0)
  }
  /** What is told from now on until all are served, looked at every so many milliseconds. */
  const watch = async (every: number) => {
    const all: { id: string; at: number; place: number; rest: number }[] = []
    while (scheduler.report().queued > 0) {
      const places = await told()
      all.push(...places.map((each, place) => ({ ...each, place, rest: places.length })))
      await clock.advance(every)
    }
    const order = [...served.keys()]
    return all.map(({ id, at, place, rest }) => ({
      id,
      late: (served.get(id) ?? Number.NaN) - at,
      misplaced: order.indexOf(id) - (order.length - rest + place),
    }))
  }
  return { clock, join, watch, told, served }
}

describe('the time and the place that one who waits is told', () => {
  it('come true, whatever clients wait beside it', async () => {
    const { join, watch } = await setUpEmpty([[BUCKET]])
    for (const id of ['a', 'b', 'c', 'd']) for (const client of ['one', 'two', 'three']) join(`${client} ${id}`, client)
    const seen = await watch(370)
    expect(seen.length).toBeGreaterThan(1000)
    expect(seen.filter(({ misplaced }) => misplaced !== 0)).toEqual([])
    expect(seen.filter(({ late }) => Math.abs(late) > 150)).toEqual([])
  })

  it('come true for those who join right after another was served', async () => {
    const { clock, join, told, served } = await setUpEmpty([[BUCKET]])
    const before = served.size
    while (served.size === before) {
      await clock.advance(90)
      // is reckoned while it still waits
      await told()
    }
    for (const id of ['a', 'b', 'c']) join(id)
    await clock.advance(0)
    const reckoned = await told()
    await clock.advance(60_000)
    expect(reckoned.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    for (const { id, at } of reckoned) expect(Math.abs((served.get(id) ?? Number.NaN) - at)).toBeLessThan(150)
  })

  it('come true to a second where windows of several keys free what left them', async () => {
    const { clock, join, watch } = await setUpEmpty([[rpm(3)], [rpm(2)], [BUCKET]])
    for (let n = 0; n < 20; n++) {
      join(`${n}`, ['one', 'two', 'three'][n % 3])
      await clock.advance(700)
    }
    const seen = await watch(370)
    expect(seen.filter(({ misplaced }) => misplaced !== 0)).toEqual([])
    expect(seen.filter(({ late }) => Math.abs(late) > 1200)).toEqual([])
  })

  it('are not guessed by how long others took once those that run have taken far longer', async () => {
    const { scheduler, clock } = setUp([provider('a', [[concurrency(1)]])], { options: { max_wait: 600_000 } })
    for (let n = 0; n < 5; n++) {
      const lease = await scheduler.acquire(ask())
      await clock.advance(400)
      lease.settle({})
    }
    const lease = await scheduler.acquire(ask())
    const next = scheduler.acquire(ask())
    await clock.advance(100)
    expect(scheduler.waiting(1)).toMatchObject([{ guessed: true, eta: expect.any(Number) as number }])
    await clock.advance(20_000)
    expect(scheduler.waiting(1)).toMatchObject([{ guessed: true, eta: null }])
    lease.settle({})
    await next
  })
})
