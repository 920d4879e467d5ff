import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SharedLimit } from '../../src/replicas/ledger/ledger-calls.ts'
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { createReplicas, type Replicas } from '../../src/replicas/replicated-scheduler.ts'
import { realClock } from '../../src/scheduler/clock.ts'
import type { LimitSpec } from '../../src/scheduler/types.ts'
import { createScheduler, type LiveScheduler } from '../../src/scheduler/scheduler.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'

const HOUR = 3_600_000
const AMOUNT = 40

describe.runIf(hasServer)('a replica whose ledger comes back', () => {
  let server: RedisServer
  let ledger: Ledger
  let scheduler: LiveScheduler
  let replicas: Replicas
  /** Holds up whatever looks at limits. */
  let gate: () => Promise<void>
  /** How often it has asked who else is back. */
  let asked = 0
  /** Is what it asks for lost on the way? */
  let isLost = false
  /** Units that the ledger had counted each time when the replica said that it has told all. */
  let counted: number[] = []
  let period = HOUR
  let limitOf = (): LimitSpec => ({ metric: 'requests', amount: AMOUNT, period, shape: 'sliding' })
  let count: () => Promise<number>

  beforeEach(async () => {
    gate = () => Promise.resolve()
    server = await startRedis()
    asked = 0
    isLost = false
    counted = []
    const real = await connect('r0', 100)
    let limit: SharedLimit | undefined
    ledger = {
      ...real,
      acquire(...args) {
        limit ??= args[2][0]?.[0]
        return isLost ? Promise.reject(new Error('no answer')) : real.acquire(...args)
      },
      async hello(ttl, places, toldAt) {
        if (limit && toldAt !== undefined) counted.push(await count())
        return real.hello(ttl, places, toldAt)
      },
      peek: (limits) => gate().then(() => real.peek(limits)),
      heard: (...args) => (asked++, real.heard(...args)),
    }
    count = async () => {
      const [known] = limit ? (await real.peek([limit])).states : []
      if (known?.shape === 'places') return known.state?.[0] ?? 0
      return (known?.state ?? []).reduce((sum, each, index) => sum + (index % 2) * each, 0)
    }
    const limits = [limitOf()]
    const route = { provider: 'p', model: 'x', weight: 1, tier: 0, limits: [] }
    scheduler = createScheduler({
      providers: [{ name: 'p', weight: 1, limits: [], keys: [{ name: 'p#1', weight: 1, limits }] }],
      pools: [{ model: 'm', weight: 1, limits: [], routes: [route] }],
      options: {},
    })
    const common = { replica: 'r0', on_loss: 'share' as const, clock: realClock, random: Math.random }
    replicas = createReplicas(() => scheduler, ledger, { ...common, least: 2, changed: () => {} })
    await replicas.start()
  })
  afterEach(async () => {
    replicas.close()
    scheduler.close()
    await ledger.close()
    await server.close()
  })

  function connect(replica: string, timeout: number): Promise<Ledger> {
    const deaf = { freed: () => {}, said: () => {}, failed: () => {} }
    return connectLedger({ url: server.url, prefix: 'test', timeout, replica, wall: Date.now, ...deaf })
  }

  /** @returns how many of so many are given a key */
  async function ask(count: number): Promise<number> {
    const one = () => replicas.acquire({ model: 'm', input: 1, maxOutput: 1, needs: {}, maxWait: 0 })
    const all = await Promise.allSettled(Array.from({ length: count }, one))
    return all.filter(({ status }) => status === 'fulfilled').length
  }
  const until = (isTrue: () => boolean): Promise<unknown> => vi.waitUntil(isTrue, { timeout: 15_000, interval: 2 })

  it('keeps within its share until the ledger has heard all, and charges that too', async () => {
    server.process.kill('SIGSTOP')
    const first = await ask(10)
    expect(replicas.report().state).toBe('away')
    let looked = false
    let open = (): void => {}
    const closed = new Promise<void>((resolve) => (open = resolve))
    gate = () => ((looked = true), closed)
    server.process.kill('SIGCONT')
    await until(() => looked)
    const served = first + (await ask(60))
    expect(served).toBeLessThanOrEqual(AMOUNT / 2)
    expect(served).toBeGreaterThan(first)
    open()
    await until(() => replicas.report().state === 'shared')
    await until(() => (scheduler.report().scopes[0]?.level ?? AMOUNT) <= AMOUNT - served)
  })

  it('charges what it was asking for when the ledger went, before it says that it has told all', async () => {
    isLost = true
    const served = await ask(10)
    expect(served).toBe(10)
    isLost = false
    await until(() => replicas.report().state === 'shared')
    expect(counted[0]).toBeGreaterThanOrEqual(served)
  })

  it('leaves to others what they have not told of yet', async () => {
    const other = await connect('r1', 20_000)
    await other.hello(5000, [])
    await until(() => replicas.report().replicas.length === 2)
    server.process.kill('SIGSTOP')
    const first = await ask(10)
    server.process.kill('SIGCONT')
    await until(() => asked > 2)
    // one that was held up on its way, of a replica that goes on alone, says that it lives, and no more
    await other.hello(5000, [])
    const before = asked
    await until(() => asked > before + 2)
    expect(replicas.report().state).toBe('away')
    expect(first + (await ask(60))).toBe(AMOUNT / 2)
    await other.hello(5000, [], other.heardAt())
    await until(() => replicas.report().state === 'shared')
    await other.close()
  })

  it('waits until others tell of a moment since then: what they said before may have been held up on its way', async () => {
    const other = await connect('r1', 20_000)
    const { at } = await other.hello(5000, [])
    await until(() => replicas.report().replicas.length === 2)
    isLost = true
    await ask(1)
    isLost = false
    await until(() => asked > 2)
    await other.hello(5000, [], at)
    const before = asked
    await until(() => asked > before + 2)
    expect(replicas.report().state).toBe('away')
    await other.hello(5000, [], other.heardAt())
    await until(() => replicas.report().state === 'shared')
    await other.close()
  })

  describe('of places', () => {
    const before = limitOf
    beforeAll(() => void (limitOf = () => ({ metric: 'concurrency', amount: AMOUNT, period: 0 })))
    afterAll(() => void (limitOf = before))

    it('holds no more than the ledger knows of while it waits for others, and gives back what it did not need', async () => {
      const other = await connect('r1', 20_000)
      await other.hello(5000, [])
      await until(() => replicas.report().replicas.length === 2)
      isLost = true
      const first = await ask(4)
      let served = 0
      isLost = false
      for (let round = 0; round < 3; round++) {
        const looks = asked
        await until(() => asked > looks + 1)
        served += await ask(60)
        expect(replicas.report().state).toBe('away')
        expect(await count()).toBeGreaterThanOrEqual(first + served)
      }
      expect(served).toBeGreaterThan(0)
      await other.hello(5000, [])
      await other.hello(5000, [], other.heardAt())
      await until(() => replicas.report().state === 'shared')
      await vi.waitUntil(async () => (await count()) === first + served, { timeout: 15_000, interval: 2 })
      await other.close()
    })
  })

  describe('of a short limit', () => {
    beforeAll(() => void (period = 2000))
    afterAll(() => void (period = HOUR))

    it('takes no more than it has paid for while it waits for others', async () => {
      const other = await connect('r1', 20_000)
      await other.hello(5000, [])
      await until(() => replicas.report().replicas.length === 2)
      isLost = true
      const first = await ask(4)
      isLost = false
      await until(() => asked > 1)
      const served = first + (await ask(60))
      expect(replicas.report().state).toBe('away')
      expect(await count()).toBeGreaterThanOrEqual(served)
      await other.close()
    })
  })
})
