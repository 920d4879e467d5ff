import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Charge } from '../../src/replicas/ledger/ledger-calls.ts'
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { windowOf } from '../../src/sandbox/limits/windows.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'
import { connectOld, type OldReplica } from './versions/client.ts'

const PERIOD = 3_600_000
const AMOUNT = 400

describe.runIf(hasServer)('replicas of two versions side by side', () => {
  let server: RedisServer
  let older: OldReplica
  let newer: Ledger
  const options = (replica: string) => ({
    url: server.url,
    prefix: 'upgrade',
    timeout: 20_000,
    replica,
    wall: () => Date.now(),
    freed: () => {},
    said: () => {},
    failed: () => {},
  })
  beforeEach(async () => {
    server = await startRedis()
    older = await connectOld(server.url, 'upgrade', 'old', 1)
    newer = await connectLedger(options('new'))
  })
  afterEach(async () => {
    await older.close()
    await newer.close()
    await server.close()
  })

  function chargeOf(shape: 'bucket' | 'sliding' | 'fixed', units: number): Charge {
    const from = Math.floor(Date.now() / PERIOD) * PERIOD
    const frame = [from, from + PERIOD, from + 2 * PERIOD] as const
    const key = newer.keyOf('limit', shape)
    return { key, shape, amount: AMOUNT, period: PERIOD, guard: 120, capacity: AMOUNT, frame, need: units, cost: units }
  }

  /** Takes turns until nothing is left. @returns what both were given together */
  async function spend(
    shape: 'bucket' | 'sliding' | 'fixed',
    take: (by: number, lease: string, charge: Charge) => Promise<{ isTaken: boolean; at: number; mark: number }>,
    give: (by: number, lease: string, charge: Charge, mark: number) => Promise<unknown>,
  ): Promise<number> {
    const judge = windowOf({ metric: 'requests', amount: AMOUNT, period: PERIOD, shape })
    let used = 0
    for (let n = 0; n < 160; n++) {
      const units = n < 120 ? 1 + (n % 7) : 1
      const charge = chargeOf(shape, units)
      const { isTaken, at, mark } = await take(n % 2, `l${n}`, charge)
      if (!isTaken) continue
      expect(judge.wait(units, at)).toBe(0)
      judge.take(units, at)
      used += units
      if (n % 3 > 0) continue
      // what one version charged, the other may give back
      await give(Number(n % 6 === 0), `l${n}`, charge, mark)
      judge.give(1, at, at)
      used--
    }
    expect(used).toBeLessThanOrEqual(AMOUNT)
    return used
  }

  it.each(['bucket', 'sliding', 'fixed'] as const)(
    'count a %s together with the next: nothing is lost, nothing doubled',
    async (shape) => {
      const source = readFileSync(new URL('../../src/replicas/ledger/ledger.lua', import.meta.url), 'utf8')
      const next = await connectLedger({
        ...options('next'),
        source: source.replaceAll('balanced_call_4', 'balanced_call_5'),
      })
      const both = [newer, next]
      const used = await spend(
        shape,
        async (by, lease, charge) => {
          const told = await (both[by] as Ledger).acquire(lease, 60_000, [[charge]])
          return { isTaken: told.taken === 0, at: told.at, mark: told.states[0]?.mark ?? 0 }
        },
        (by, lease, charge, mark) => (both[by] as Ledger).settle(lease, [{ ...charge, mark, back: 1, more: 0 }]),
      )
      await next.close()
      expect(used).toBeGreaterThan(AMOUNT - 2)
    },
  )

  it.each(['bucket', 'sliding', 'fixed'] as const)('never go beyond a %s together with those before', async (shape) => {
    const before = await connectOld(server.url, 'upgrade', 'before', 2)
    const all = [before, older]
    for (const old of all) {
      const used = await spend(
        shape,
        async (by, lease, charge) => {
          if (by === 0) {
            const told = await old.acquire(lease, 60_000, [charge])
            return { isTaken: told.admitted, at: told.at, mark: told.mark }
          }
          const told = await newer.acquire(lease, 60_000, [[charge]])
          return { isTaken: told.taken === 0, at: told.at, mark: told.states[0]?.mark ?? 0 }
        },
        (by, lease, charge, mark) => (by === 0 ? old : newer).settle(lease, [{ ...charge, mark, back: 1, more: 0 }]),
      )
      // The first version told servers by the moment of its own loading, so each takes what the other wrote for a failover's.
      expect(used).toBeGreaterThan(old === older ? AMOUNT / 2 : AMOUNT - 2)
      await server.command('FLUSHDB')
    }
    await before.close()
  })

  it('count the same places, whoever keeps them alive', async () => {
    const place: Charge = { ...chargeOf('bucket', 1), key: newer.keyOf('limit', 'places'), shape: 'places', amount: 2 }
    await older.acquire('a', 60_000, [place])
    expect((await newer.acquire('b', 60_000, [[place]])).taken).toBe(0)
    expect((await newer.acquire('c', 60_000, [[place]])).taken).toBe(-1)
    expect((await older.acquire('c', 60_000, [place])).admitted).toBe(false)
    await newer.hello(5000, [{ key: place.key, lease: 'b', ttl: 60_000 }])
    await older.settle('a', [{ ...place, mark: 0, back: 1, more: 0 }])
    expect((await newer.acquire('c', 60_000, [[place]])).taken).toBe(0)
  })

  it('see each other, and lease nothing ahead until the older one has gone', async () => {
    expect((await newer.hello(5000, [])).mayLend).toBe(true)
    await older.hello(5000)
    const told = await newer.hello(5000, [])
    expect(told.names.toSorted()).toEqual(['new', 'old'])
    expect(told.mayLend).toBe(false)
    expect((await older.hello(5000)).toSorted()).toEqual(['new', 'old'])
    await older.close()
    expect((await newer.hello(5000, [])).mayLend).toBe(true)
    const before = await connectOld(server.url, 'upgrade', 'before', 2)
    expect((await before.hello(5000)).toSorted()).toEqual(['before', 'new'])
    expect((await newer.hello(5000, [])).mayLend).toBe(true)
    await before.close()
  })

  it('count what was leased ahead as used, also for the older one', async () => {
    for (const shape of ['bucket', 'sliding', 'fixed'] as const) {
      const told = await newer.acquire('l', 60_000, [[{ ...chargeOf(shape, 1), ahead: 150, life: 20_000 }]])
      const lent = told.own[0]?.lent
      expect(lent?.units).toBe(150)
      // and a second's worth for each change of hands
      const rest = AMOUNT - 1 - 150
      expect((await older.acquire('m', 60_000, [chargeOf(shape, rest + 1)])).admitted).toBe(false)
      await newer.settle('l', [{ ...chargeOf(shape, 0), mark: lent?.mark ?? 0, back: 100, more: 0 }])
      expect((await older.acquire('n', 60_000, [chargeOf(shape, rest + 90)])).admitted).toBe(true)
      expect((await older.acquire('o', 60_000, [chargeOf(shape, 20)])).admitted).toBe(false)
    }
  })
})
