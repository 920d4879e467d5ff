import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCanceller } from '../../src/runtime/cancellation.ts'
import type { Lease } from '../../src/scheduler/types.ts'
import type { SchedulerSpec } from '../../src/scheduler/scheduler.ts'
import type { GatewayError } from '../../src/chat/error.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'
import { request, specOf, startReplica, type Replica, type ReplicaSpec } from './replica.ts'

const HOUR = 3_600_000

/** Resolves when something has become true that only messages of others can make true. */
const until = (isTrue: () => boolean): Promise<unknown> => vi.waitUntil(isTrue, { timeout: 15_000, interval: 2 })

describe.runIf(hasServer)('replicas', () => {
  let server: RedisServer
  let replicas: Replica[]
  beforeEach(async () => {
    server = await startRedis()
    replicas = []
  })
  afterEach(async () => {
    for (const replica of replicas) await replica.close()
    await server.close()
  })
  async function start(count: number, spec: SchedulerSpec, more: Partial<ReplicaSpec> = {}): Promise<Replica[]> {
    for (let n = 0; n < count; n++)
      replicas.push(await startReplica({ url: server.url, name: `r${n}`, spec, timeout: 20_000, ...more }))
    return replicas
  }
  /** How many of so many requests are given a key, turn and turn about. */
  async function ask(count: number): Promise<{ leases: Lease[]; errors: GatewayError[] }> {
    const leases: Lease[] = []
    const errors: GatewayError[] = []
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        try {
          leases.push((await replicas[index % replicas.length]?.replicas.acquire(request({ maxWait: 0 }))) as Lease)
        } catch (error) {
          errors.push(error as GatewayError)
        }
      }),
    )
    return { leases, errors }
  }

  it('have one quota together, to the last request, and say when there is more', async () => {
    await start(4, specOf([{ metric: 'requests', amount: 40, period: HOUR, shape: 'sliding' }]))
    const { leases, errors } = await ask(60)
    expect(leases.length).toBe(40)
    expect(errors.length).toBe(20)
    for (const { kind, retryAfter } of errors) {
      expect(kind).toBe('queue_full')
      expect(retryAfter).toBeGreaterThan(HOUR / 2)
    }
  })

  it('ask for a large quota in slices, seldom, and give back what they do not use', async () => {
    await start(2, specOf([{ metric: 'requests', amount: 100_000, period: 60_000, shape: 'sliding' }]))
    await until(() => replicas.every(({ replicas: { report } }) => report().replicas.length === 2))
    for (let round = 0; round < 40; round++)
      for (const lease of (await ask(20)).leases) lease.settle({ input: 10, output: 5 })
    const reports = replicas.map(({ replicas: each }) => each.report())
    const ahead = reports.reduce((sum, each) => sum + each.ahead, 0)
    expect(ahead).toBeGreaterThan(600)
    expect(reports.reduce((sum, each) => sum + each.roundTrips, 0)).toBeLessThan(200)
    // all that was used stays charged, and nothing else
    await until(() => replicas.every(({ scheduler }) => scheduler.report().scopes[0]?.level === 100_000 - 800))
  })

  it('charge a request of a slice what it used, and give back what it did not', async () => {
    await start(2, specOf([{ metric: 'tokens', amount: 10_000_000, period: HOUR, shape: 'sliding' }]))
    await until(() => replicas.every(({ replicas: { report } }) => report().replicas.length === 2))
    const leases: Lease[] = []
    for (let round = 0; round < 10; round++) leases.push(...(await ask(20)).leases)
    expect(replicas[0]?.replicas.report().ahead).toBeGreaterThan(20)
    leases.forEach((lease, index) => lease.settle({ input: 10, output: index % 2 === 0 ? 20 : 290 }))
    const used = 100 * 30 + 100 * 300
    await until(() => replicas.every(({ scheduler }) => scheduler.report().scopes[0]?.level === 10_000_000 - used))
  })

  it('lose nothing to one that dies with a slice but what it held, and never go beyond the quota', async () => {
    const [first] = await start(2, specOf([{ metric: 'requests', amount: 2000, period: HOUR, shape: 'sliding' }]))
    await until(() => replicas.every(({ replicas: { report } }) => report().replicas.length === 2))
    let served = 0
    for (let round = 0; round < 20; round++) served += (await ask(20)).leases.length
    expect(first?.replicas.report().ahead).toBeGreaterThan(20)
    // it says nothing more, and gives nothing back
    first?.replicas.close()
    first?.ledger.abandon()
    replicas.shift()
    for (let round = 0; round < 90; round++) served += (await ask(20)).leases.length
    await first?.close()
    expect(served).toBeLessThanOrEqual(2000)
    // a slice is a sixteenth of the half at most
    expect(served).toBeGreaterThanOrEqual(2000 - 2 * 63)
  })

  it('find another key in the same call when others have taken the first', async () => {
    await start(2, specOf([{ metric: 'requests', amount: 1, period: HOUR, shape: 'sliding' }], 40))
    const { leases } = await ask(40)
    expect(leases.length).toBe(40)
    expect(new Set(leases.map(({ key }) => key)).size).toBe(40)
    const [a, b] = replicas.map(({ replicas: each }) => each.report())
    expect((a?.roundTrips ?? 0) + (b?.roundTrips ?? 0)).toBeLessThan(40 + 30)
  })

  it('count the requests and the money of a client together', async () => {
    const day = 24 * HOUR
    const price = { input: 1, output: 1 }
    const limited = specOf([], 2)
    const route = { provider: 'p', model: 'x', weight: 1, tier: 0, limits: [], price }
    const clients = {
      alice: { limits: [{ metric: 'requests' as const, amount: 6, period: day, shape: 'calendar' as const }] },
      bob: { limits: [{ metric: 'usd' as const, amount: 0.000_35, period: day, shape: 'calendar' as const }] },
    }
    await start(2, {
      ...limited,
      pools: [{ model: 'm', weight: 1, limits: [], routes: [route] }],
      options: { clients },
    })
    const served: Record<string, number> = { alice: 0, bob: 0, carol: 0 }
    for (const client of Object.keys(served))
      for (let n = 0; n < 12; n++) {
        try {
          const lease = await replicas[n % 2]?.replicas.acquire(request({ client, maxWait: 0 }))
          // 100 tokens at a dollar a million
          lease?.settle({ input: 50, output: 50, cost: 0.000_1 })
          served[client] = (served[client] ?? 0) + 1
        } catch (error) {
          expect((error as GatewayError).code).toBe(client === 'bob' ? 'budget_exceeded' : 'client_limit_exceeded')
        }
      }
    expect(served).toMatchObject({ alice: 6, carol: 12 })
    expect(served['bob']).toBeGreaterThanOrEqual(2)
    expect(served['bob']).toBeLessThanOrEqual(4)
  })

  it('know of each other which key has a prompt in its cache, and what a model uses', async () => {
    const spec = specOf([], 8)
    for (const provider of spec.providers) provider.cache_per_key = true
    const [first, second] = await start(2, spec)
    const told: string[] = []
    const taken = second?.scheduler.takeExperience
    if (second)
      second.scheduler.takeExperience = (experience) => {
        taken?.(experience)
        told.push(JSON.stringify(experience))
      }
    // not where all replicas would look first
    const usual = (await second?.replicas.acquire(request({ affinity: 'talk', input: 2000 })))?.id
    const lease = (await first?.replicas.acquire(
      request({ affinity: 'talk', input: 2000, exclude: new Set([usual ?? '']) }),
    )) as Lease
    expect(lease.id).not.toBe(usual)
    lease.settle({ input: 3000, output: 40, cached: 0 })
    await until(() => told.some((each) => each.includes(lease.key)))
    expect(told.join()).toContain('"ratio":1.5')
    const next = (await second?.replicas.acquire(request({ affinity: 'talk', input: 2000 }))) as Lease
    expect(next.key).toBe(lease.key)
  })

  it('wait for a place that another has, and get it when that one ends', async () => {
    const [first, second] = await start(2, specOf([{ metric: 'concurrency', amount: 1, period: 0 }]))
    const lease = (await first?.replicas.acquire(request())) as Lease
    let served = false
    const waiting = second?.replicas.acquire(request()).then((got) => ((served = true), got))
    await until(() => second?.replicas.report().refused === 1)
    expect(served).toBe(false)
    lease.settle({ input: 10, output: 5 })
    const got = (await waiting) as Lease
    expect(got.key).toBe('p#1')
    got.settle({})
    await until(() => replicas.every(({ scheduler }) => scheduler.report().inFlight === 0))
  })

  it('get at once what another has reserved and not used', async () => {
    const [first, second] = await start(
      2,
      specOf([{ metric: 'tokens', amount: 120, period: HOUR, shape: 'bucket' }], 1, HOUR),
    )
    const lease = (await first?.replicas.acquire(request())) as Lease
    const waiting = second?.replicas.acquire(request())
    await until(() => second?.replicas.report().refused === 1)
    lease.settle({ input: 10, output: 1 })
    const got = (await waiting) as Lease
    expect(got.waited).toBeLessThan(HOUR / 2)
  })

  it('know of each other which key is dead or switched off, and which has recovered', async () => {
    const [first, second] = await start(2, specOf([{ metric: 'requests', amount: 40, period: HOUR }], 2))
    const stateOf = (replica: Replica | undefined, key: string): string | undefined =>
      replica?.scheduler.report().keys.find((each) => each.key === key)?.state
    const lease = (await first?.replicas.acquire(request())) as Lease
    lease.fail({ kind: 'authentication', started: true })
    await until(() => stateOf(second, lease.key) === 'retired')
    const other = lease.key === 'p#1' ? 'p#2' : 'p#1'
    first?.scheduler.adjustKey(other, { enabled: false })
    first?.replicas.adjusted(other, { enabled: false })
    await until(() => stateOf(second, other) === 'disabled')
    first?.scheduler.adjustKey(lease.key, { enabled: true })
    first?.replicas.adjusted(lease.key, { enabled: true })
    await until(() => stateOf(second, lease.key) === 'ready')
    const last = (await second?.replicas.acquire(request())) as Lease
    expect(last.key).toBe(lease.key)
  })

  it('keep within their shares while the state is away, and together never go beyond the quota', async () => {
    await start(2, specOf([{ metric: 'requests', amount: 40, period: HOUR, shape: 'sliding' }]), { on_loss: 'share' })
    await until(() => replicas.every((replica) => replica.replicas.report().replicas.length === 2))
    const before = await ask(10)
    expect(before.leases.length).toBe(10)
    await until(() => replicas.every(({ scheduler }) => scheduler.report().scopes[0]?.level === 30))
    await server.kill()
    const alone = await ask(60)
    expect(alone.leases.length).toBeGreaterThanOrEqual(26)
    expect(alone.leases.length).toBeLessThanOrEqual(30)
    expect(replicas.map((replica) => replica.replicas.report().state)).toEqual(['away', 'away'])
    // It comes back without its data: what the replicas remember is all there is.
    await server.start()
    await until(() => replicas.every(({ changes }) => changes.at(-1)?.isAway === false))
    const after = await ask(60)
    expect(10 + alone.leases.length + after.leases.length).toBeLessThanOrEqual(40)
  })

  it('keep within their shares while it is away, though the provider tells of the whole, and then have what it told', async () => {
    await start(2, specOf([{ metric: 'requests', amount: 40, period: HOUR }]))
    await until(() => replicas.every((replica) => replica.replicas.report().replicas.length === 2))
    await server.kill()
    // what is told before that is the whole's
    await until(() => replicas.every(({ changes }) => changes.at(-1)?.isAway === true))
    let alone = 0
    for (let round = 0; round < 6; round++)
      for (const lease of (await ask(20)).leases) {
        alone++
        lease.observe([{ metric: 'requests', limit: 60, remaining: 59 }])
        lease.settle({ input: 10, output: 5 })
      }
    expect(alone).toBe(40)
    await server.start()
    await until(() => replicas.every(({ changes }) => changes.at(-1)?.isAway === false))
    await until(() => replicas.every(({ scheduler }) => scheduler.report().scopes[0]?.amount === 60))
  })

  it('refuse while the state is away where that is wanted, with a time to come back', async () => {
    await start(1, specOf([{ metric: 'requests', amount: 40, period: HOUR }]), { on_loss: 'refuse' })
    await server.kill()
    const { leases, errors } = await ask(1)
    expect(leases).toEqual([])
    expect(errors[0]).toMatchObject({ status: 503, code: 'no_shared_state', retryAfter: 1000 })
  })

  it('do not wait for a server that stands still, and charge what they served when it goes on', async () => {
    await start(2, specOf([{ metric: 'requests', amount: 400, period: HOUR, shape: 'sliding' }]), { timeout: 50 })
    await ask(10)
    server.process.kill('SIGSTOP')
    const sent = performance.now()
    const { leases } = await ask(20)
    expect(leases.length).toBe(20)
    // fifty milliseconds, on a machine that may be busy
    expect(performance.now() - sent).toBeLessThan(2000)
    server.process.kill('SIGCONT')
    await until(() => replicas.every(({ changes }) => changes.at(-1)?.isAway === false))
    // Each hears of the other's with the next beat.
    await until(() => replicas.every(({ scheduler }) => (scheduler.report().scopes[0]?.level ?? 400) <= 400 - 30))
  })

  it('keep no place for a request whose answer from the ledger came too late', async () => {
    await start(2, specOf([{ metric: 'concurrency', amount: 4, period: 0 }], 2), { timeout: 100 })
    await until(() => replicas.every(({ replicas: { report } }) => report().replicas.length === 2))
    const before = await ask(2)
    server.process.kill('SIGSTOP')
    // More than the shares: each is asked for, and done when the server goes on.
    const { leases } = await ask(12)
    server.process.kill('SIGCONT')
    await until(() => replicas.every(({ changes }) => changes.at(-1)?.isAway === false))
    for (const lease of [...before.leases, ...leases]) lease.settle({})
    const places = [1, 2].map((key) => replicas[0]?.ledger.keyOf('limit', `key:p#${key}:concurrency/0`) ?? '')
    const taken = (): Promise<unknown[]> => Promise.all(places.map((key) => server.command('ZCARD', key)))
    await vi.waitFor(async () => expect(await taken()).toEqual([0, 0]), { timeout: 8000 })
    await until(() => replicas.every(({ scheduler }) => scheduler.report().scopes.every(({ level }) => level === 4)))
  })

  it.each([
    ['by its limit', [{ metric: 'requests', class: 'minute' }] as const],
    ['and does not say why', []],
  ])('keep a unit charged that the provider refuses %s, so that others are not refused after it', async (_, says) => {
    const [first] = await start(2, specOf([{ metric: 'requests', amount: 40, period: HOUR, shape: 'sliding' }]))
    const [refused, served] = (await ask(2)).leases
    refused?.observe([...says])
    refused?.fail({ kind: 'rate_limit', started: false })
    served?.settle({})
    const key = first?.ledger.keyOf('limit', 'key:p#1:requests/3600000') ?? ''
    const limit = { key, shape: 'sliding' as const, amount: 40, period: HOUR, guard: 120, capacity: 40 }
    const told = await first?.ledger.peek([{ ...limit, frame: [0, 0, 0] }])
    const units = told?.states[0]?.state?.filter((_, index) => index % 2 === 1)
    expect(units?.reduce((sum, each) => sum + each, 0)).toBe(2)
  })

  it('charge nothing for a client that leaves before its key is confirmed', async () => {
    const [first, second] = await start(2, specOf([{ metric: 'requests', amount: 1, period: HOUR, shape: 'sliding' }]))
    const client = createCanceller()
    const leaving = first?.replicas.acquire(request({ signal: client }))
    // a key is picked in this turn, and confirmed in a later one
    await Promise.resolve()
    client.cancel(new Error('gone'))
    await expect(leaving).rejects.toMatchObject({ kind: 'cancelled' })
    await until(() => first?.scheduler.report().scopes[0]?.level === 1)
    expect(((await second?.replicas.acquire(request())) as Lease | undefined)?.key).toBe('p#1')
  })

  it('count a request that runs over a reload of one of them once', async () => {
    const [first, second] = await start(2, specOf([{ metric: 'concurrency', amount: 1, period: 0 }]))
    const lease = (await first?.replicas.acquire(request())) as Lease
    first?.reload(specOf([{ metric: 'concurrency', amount: 1, period: 0 }]))
    const waiting = second?.replicas.acquire(request())
    await until(() => second?.replicas.report().refused === 1)
    lease.settle({ input: 1, output: 1 })
    ;((await waiting) as Lease).settle({})
    const again = (await first?.replicas.acquire(request())) as Lease
    expect(again.key).toBe('p#1')
  })
})
