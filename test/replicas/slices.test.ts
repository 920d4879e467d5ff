import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Charge, SharedLimit } from '../../src/replicas/ledger/ledger-calls.ts'
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { windowOf } from '../../src/sandbox/limits/windows.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'
import { serverClock, virtualSource, type ServerClock } from './virtual-ledger.ts'

const PERIOD = 1000
const GUARD = 70
const START = 1_700_000_000_000

interface Held {
  by: number
  mark: number
  until: number
  left: number
}

describe.runIf(hasServer)('what is leased ahead', { timeout: 60_000 }, () => {
  let server: RedisServer
  let clock: ServerClock
  let ledger: Ledger
  let now = START
  beforeAll(async () => {
    server = await startRedis()
    clock = serverClock(server.url)
    await clock.set(now)
    ledger = await connectLedger({
      url: server.url,
      prefix: 'slices',
      timeout: 20_000,
      replica: 'r',
      wall: () => now,
      freed: () => {},
      said: () => {},
      failed: () => {},
      source: virtualSource(),
    })
  })
  afterAll(async () => {
    await ledger.close()
    clock.close()
    await server.close()
  })

  function limitOf(name: string, shape: SharedLimit['shape'], amount: number): SharedLimit {
    const from = Math.floor(now / PERIOD) * PERIOD
    const frame = [from, from + PERIOD, from + 2 * PERIOD] as const
    return { key: ledger.keyOf(name), shape, amount, period: PERIOD, guard: GUARD, capacity: amount, frame }
  }

  it('is never more than a provider would admit, whenever it is used, given back, or lost with who held it', async () => {
    const step = fc.record({
      after: fc.oneof(
        fc.constant(0),
        fc.integer({ max: 240, min: 0 }),
        fc.integer({ min: 200, max: 240 }),
        fc.integer({ max: 1000, min: 700 }),
      ),
      act: fc.constantFrom('lease', 'lease', 'use', 'drain', 'drain', 'return', 'die', 'ask', 'refund'),
      by: fc.nat(3),
      units: fc.integer({ min: 1, max: 30 }),
      life: fc.oneof(fc.integer({ min: 10, max: 250 }), fc.constant(250)),
    })
    let run = 0
    let lent = 0
    const shapes = fc.constantFrom('bucket' as const, 'sliding' as const, 'fixed' as const)
    const amounts = fc.integer({ min: 8, max: 120 })
    await fc.assert(
      fc.asyncProperty(
        shapes,
        amounts,
        fc.array(step, { minLength: 30, maxLength: 150 }),
        async (shape, amount, steps) => {
          const name = `run${++run}`
          const judge = windowOf({ metric: 'requests', amount, period: PERIOD, shape })
          let held: Held[] = []
          let asked: { mark: number; at: number; units: number }[] = []
          const use = (units: number): void => {
            expect(judge.wait(units, now)).toBe(0)
            judge.take(units, now)
          }
          const settle = async (mark: number, back: number): Promise<void> => {
            await ledger.settle('x', [{ ...limitOf(name, shape, amount), mark, back, more: 0 }])
          }
          for (const { after, act, by, units, life } of steps) {
            now += after
            await clock.set(now)
            const mine = held.find((each) => each.by === by && each.until > now && each.left > 0)
            if (act === 'lease' || act === 'ask') {
              const need = act === 'ask' ? Math.min(units, amount) : 0
              const charge: Charge = {
                ...limitOf(name, shape, amount),
                need,
                cost: need,
                ahead: act === 'lease' ? units : 0,
                life,
              }
              const told = await ledger.acquire('x', 1000, [[charge]])
              const [state] = told.own
              if (told.taken === 0 && need > 0) {
                use(need)
                asked.push({ mark: state?.mark ?? 0, at: now, units: need })
              }
              if (!state?.lent) continue
              lent++
              held.push({ by, mark: state.lent.mark, until: now + state.lent.life, left: state.lent.units })
            } else if (act === 'use' && mine) {
              const some = Math.min(mine.left, units)
              mine.left -= some
              use(some)
            } else if (act === 'drain') {
              // all at once: what is leased, and all that is left
              for (const each of held.filter(({ until }) => until > now)) {
                use(each.left)
                each.left = 0
              }
              for (let some = amount; some >= 1; some = Math.floor(some / 2)) {
                const charge = { ...limitOf(name, shape, amount), need: some, cost: some }
                if ((await ledger.acquire('x', 1000, [[charge]])).taken === 0) use(some)
              }
            } else if (act === 'return' && mine) {
              held = held.filter((each) => each !== mine)
              await settle(mine.mark, mine.left)
            } else if (act === 'die') held = held.filter((each) => each.by !== by)
            else if (act === 'refund') {
              const last = asked.shift()
              if (!last) continue
              await settle(last.mark, last.units)
              judge.give(last.units, last.at, now)
            }
          }
          asked = []
        },
      ),
      { numRuns: 150 },
    )
    expect(lent).toBeGreaterThan(500)
  })

  it('leaves others room, and ends with the window that it was taken from', async () => {
    now = START + 10 * PERIOD + PERIOD - GUARD - 10
    await clock.set(now)
    const limit = limitOf('edge', 'fixed', 100)
    const ask = async (ahead: number, life: number) =>
      (await ledger.acquire('x', 1000, [[{ ...limit, need: 1, cost: 1, ahead, life }]])).own[0]?.lent
    expect(await ask(120, 40)).toBeUndefined()
    expect((await ask(30, 40))?.life).toBe(10)
    now += 9
    await clock.set(now)
    expect(await ask(10, 40)).toBeUndefined()
  })

  it('is nothing while a replica lives that does not know of it', async () => {
    expect((await ledger.hello(5000, [])).mayLend).toBe(true)
    await server.command('ZADD', '{slices}:replicas', String(now + 5000), 'older')
    expect((await ledger.hello(5000, [])).mayLend).toBe(false)
  })
})
