import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Charge, SharedLimit } from '../../src/replicas/ledger/ledger-calls.ts'
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { windowOf } from '../../src/sandbox/limits/windows.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'

interface Kind {
  shape: SharedLimit['shape']
  amount: number
  period: number
}

const GUARD = 0.07

function limitOf(ledger: Ledger, name: string, { shape, amount, period }: Kind): SharedLimit {
  const from = Math.floor((Date.now() - ledger.offset()) / Math.max(period, 1)) * period
  return {
    key: ledger.keyOf(name),
    shape,
    amount,
    period,
    guard: period * GUARD,
    capacity: amount,
    frame: [from, from + period, from + 2 * period],
  }
}

/** What a provider would count, by code of its own. */
function judgeOf({ shape, amount, period }: Kind) {
  return shape === 'places'
    ? windowOf({ metric: 'concurrency', amount, period: 0 })
    : windowOf({ metric: 'requests', amount, period, shape })
}

describe.runIf(hasServer)('the shared ledger', () => {
  let server: RedisServer
  const ledgers: Ledger[] = []
  beforeAll(async () => {
    server = await startRedis()
    for (let n = 0; n < 3; n++) {
      ledgers.push(
        await connectLedger({
          url: server.url,
          prefix: 'ledger',
          timeout: 20_000,
          replica: `r${n}`,
          wall: () => Date.now(),
          freed: () => {},
          said: () => {},
          failed: () => {},
        }),
      )
    }
  })
  afterAll(async () => {
    for (const ledger of ledgers) await ledger.close()
    await server.close()
  })
  const one = (): Ledger => ledgers[0] as Ledger

  it('admits nothing that a provider would refuse, whoever asks, whatever is given back', async () => {
    const kind = fc.record({
      shape: fc.constantFrom('bucket', 'sliding', 'fixed', 'places'),
      amount: fc.integer({ min: 1, max: 30 }),
      period: fc.integer({ min: 20, max: 300 }),
    })
    const request = fc.record({
      by: fc.nat(2),
      which: fc.nat(6),
      cost: fc.integer({ min: 1, max: 8 }),
      used: fc.integer({ min: 0, max: 8 }),
      keeps: fc.boolean(),
      turn: fc.nat(9),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(kind, { minLength: 1, maxLength: 3 }),
        fc.array(request, { minLength: 20, maxLength: 120 }),
        async (kinds, requests) => {
          const prefix = `run${++run}`
          const log: { at: number; does: (at: number) => void }[] = []
          const judges = kinds.map(judgeOf)
          await Promise.all(
            requests.map(async ({ by, which, cost, used, keeps, turn }, number) => {
              // some go together, some one after another
              for (let n = 0; n < turn; n++) await setImmediate()
              const ledger = ledgers[by] as Ledger
              const mine = kinds.flatMap((each, index) => ((which + 1) & (1 << index) ? [{ each, index }] : []))
              if (mine.length === 0) return
              const charges = mine.map(({ each, index }): Charge => {
                const units = each.shape === 'places' ? 1 : Math.min(cost, each.amount)
                return { ...limitOf(ledger, `${prefix}:${index}`, each), need: units, cost: units }
              })
              const told = await ledger.acquire(`${prefix}-${number}`, 60_000, [charges])
              if (told.taken < 0) return
              log.push({
                at: told.at,
                does(at) {
                  mine.forEach(({ index }, nth) => {
                    expect(judges[index]?.wait(charges[nth]?.cost ?? 0, at), `${kinds[index]?.shape}`).toBe(0)
                    judges[index]?.take(charges[nth]?.cost ?? 0, at)
                  })
                },
              })
              if (keeps) return
              const backs = charges.map(({ shape, cost: units }) =>
                shape === 'places' ? 1 : Math.max(0, units - used),
              )
              const refunds = charges.map((charge, nth) => {
                const mark = told.states[nth]?.mark ?? 0
                return {
                  ...limitOf(ledger, '', kinds[mine[nth]?.index ?? 0] as Kind),
                  key: charge.key,
                  mark,
                  back: backs[nth] ?? 0,
                  more: 0,
                }
              })
              const end = await ledger.settle(`${prefix}-${number}`, refunds)
              log.push({
                at: end.at,
                does: (at) => mine.forEach(({ index }, nth) => judges[index]?.give(backs[nth] ?? 0, told.at, at)),
              })
            }),
          )
          for (const { at, does } of log.toSorted((a, b) => a.at - b.at)) does(at)
        },
      ),
      { numRuns: 30 },
    )
  })

  it.each(['bucket', 'sliding', 'fixed'] as const)(
    'tells of a %s when it will admit, and does not before',
    async (shape) => {
      const kind: Kind = { shape, amount: 4, period: 200 }
      const ask = (lease: string) =>
        one().acquire(lease, 1000, [[{ ...limitOf(one(), `eta-${shape}`, kind), need: 2, cost: 2 }]])
      let told = await ask('a')
      while (told.taken === 0) told = await ask('b')
      const due = told.at + told.wait
      expect(told.wait).toBeGreaterThan(0)
      let again = await ask('c')
      while (again.taken < 0) again = await ask('c')
      expect(again.at).toBeGreaterThanOrEqual(due - 0.1)
    },
  )

  it('is asked once a turn, and the later see what the earlier have taken', async () => {
    const calls = async (): Promise<number> =>
      Number(/cmdstat_fcall:calls=(\d+)/.exec(String(await server.command('INFO', 'commandstats')))?.[1])
    const limit = limitOf(one(), 'turn', { shape: 'sliding', amount: 6, period: 60_000 })
    const place = limitOf(one(), 'turn-place', { shape: 'places', amount: 4, period: 0 })
    const ask = (number: number, amount = 6) =>
      one().acquire(`t${number}`, 1000, [
        [
          { ...limit, amount, capacity: amount, need: 1, cost: 1 },
          { ...place, need: 1, cost: 1 },
        ],
      ])
    const before = await calls()
    const told = await Promise.all(Array.from({ length: 10 }, (_, number) => ask(number)))
    expect(told.map(({ taken }) => taken)).toEqual([0, 0, 0, 0, -1, -1, -1, -1, -1, -1])
    expect(await calls()).toBe(before + 1)
    // and what it gives back is there for who asks behind it
    const back = { ...place, mark: 0, back: 1, more: 0 }
    const [, next] = await Promise.all([one().settle('t0', [back]), ask(10)])
    expect(next.taken).toBe(0)
    // the same limit of another amount is another question
    const [narrow, wide] = await Promise.all([
      ask(11, 5),
      one()
        .settle('t1', [back])
        .then(() => ask(12, 7)),
    ])
    expect([narrow.taken, wide.taken]).toEqual([-1, 0])
  })

  it('takes from all limits or from none', async () => {
    const wide = limitOf(one(), 'wide', { shape: 'sliding', amount: 100, period: 60_000 })
    const narrow = limitOf(one(), 'narrow', { shape: 'sliding', amount: 1, period: 60_000 })
    const both = [
      { ...wide, need: 10, cost: 10 },
      { ...narrow, need: 1, cost: 1 },
    ]
    expect((await one().acquire('1', 1000, [both])).taken).toBe(0)
    const told = await one().acquire('2', 1000, [both])
    expect(told).toMatchObject({ taken: -1, worst: 1 })
    expect((await one().acquire('3', 1000, [[{ ...wide, need: 90, cost: 90 }]])).taken).toBe(0)
  })

  it.each(['bucket', 'sliding', 'fixed'] as const)('takes what is no %s for none', async (shape) => {
    for (const [index, text] of ['', 'a text', 'a;b', 'a;1,x', 'a;1,2,x', ';;,,;'].entries()) {
      const limit = limitOf(one(), `garbage-${shape}-${index}`, { shape, amount: 10, period: 60_000 })
      await server.command('SET', limit.key, text)
      // ten at once: nothing of it is left for the next
      const ask = (lease: string) => one().acquire(lease, 1000, [[{ ...limit, need: 1, cost: 1 }]])
      const told = await Promise.all(Array.from({ length: 12 }, (_, number) => ask(`g${number}`)))
      const taken = told.filter((each) => each.taken === 0).length
      expect(taken, text).toBeGreaterThanOrEqual(8)
      expect(taken, text).toBeLessThanOrEqual(10)
      expect((await ask('next')).taken).toBe(-1)
    }
  })

  it('keeps nothing of a call that fails on its way', async () => {
    const limit = limitOf(one(), 'failing', { shape: 'sliding', amount: 10, period: 60_000 })
    const place = limitOf(one(), 'no-place', { shape: 'places', amount: 1, period: 0 })
    await one().acquire('1', 1000, [[{ ...limit, need: 3, cost: 3 }]])
    await server.command('SET', place.key, 'a text')
    const both = [
      { ...limit, need: 5, cost: 5 },
      { ...place, need: 1, cost: 1 },
    ]
    await expect(one().acquire('2', 1000, [both])).rejects.toThrow(/WRONGTYPE/)
    const { states } = await one().peek([limit])
    expect(states[0]?.state?.[1]).toBe(3)
  })

  it('gives places back that a replica took which says nothing more', async () => {
    const place = { ...limitOf(one(), 'place', { shape: 'places', amount: 1, period: 0 }), need: 1, cost: 1 }
    expect((await one().acquire('gone', 100, [[place]])).taken).toBe(0)
    const told = await one().acquire('next', 100, [[place]])
    expect(told.taken).toBe(-1)
    expect(told.wait).toBeLessThanOrEqual(100)
    let again = told
    while (again.taken < 0) again = await one().acquire('next', 100, [[place]])
    expect(again.at).toBeGreaterThanOrEqual(told.at + told.wait - 0.1)
  })

  it('counts a charge once that is told twice', async () => {
    const limit = limitOf(one(), 'once', { shape: 'sliding', amount: 10, period: 60_000 })
    const charge = { ...limit, mark: 0, back: 0, more: 4 }
    await one().settle('lease', [charge], 60_000)
    await one().settle('lease', [charge], 60_000)
    const { states } = await one().peek([limit])
    expect(states[0]?.state?.[1]).toBe(4)
  })

  it('takes the last second for busy where another server wrote what it reads', async () => {
    const limit = limitOf(one(), 'failover', { shape: 'sliding', amount: 60, period: 60_000 })
    await one().acquire('1', 1000, [[{ ...limit, need: 1, cost: 1 }]])
    const other = await startRedis()
    const ledger = await connectLedger({
      url: other.url,
      prefix: 'ledger',
      timeout: 20_000,
      replica: 'r9',
      wall: () => Date.now(),
      freed: () => {},
      said: () => {},
      failed: () => {},
    })
    try {
      await server.copy(limit.key, other)
      const { states } = await ledger.peek([limit])
      const units = states[0]?.state?.filter((_, index) => index % 2 === 1).reduce((sum, each) => sum + each, 0)
      expect(units).toBe(2)
    } finally {
      await ledger.close()
      await other.close()
    }
  })
})
