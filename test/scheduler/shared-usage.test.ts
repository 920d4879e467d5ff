/** What clients use of their limits is one sum for all replicas that share a table, whatever comes between. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClientUsage, type Used } from '../../src/scheduler/persistence/client-usage.ts'
import type { LiveScheduler } from '../../src/scheduler/scheduler.ts'
import type { Lease, LimitSpec } from '../../src/scheduler/types.ts'
import { shareUsage, type SharedUsage, type UsageTable } from '../../src/store/share-usage.ts'
import { ask, pool, provider, route, setUp } from './fixture.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

const DAY = 86_400_000
const AMOUNT = 1_000_000
const price = { input: 1000, output: 1000 }
const pools = [pool('chat', [route('p', { price })])]
const shapes: Record<string, Partial<LimitSpec>> = {
  calendar: { resets: { unit: 'day', at: '00:00', zone: 'UTC' } },
  sliding: {},
  bucket: { shape: 'bucket' },
}

interface Table {
  of(): UsageTable
  fault: 'none' | 'refuses' | 'forgets to say'
}

function table(): Table {
  const rows = new Map<string, Used>()
  const batches = new Set<string>()
  const made: Table = {
    fault: 'none',
    of: () => ({
      async exchange(batch) {
        if (made.fault === 'refuses') throw new Error('away')
        if (batch && !batches.has(batch.id)) {
          batches.add(batch.id)
          for (const row of batch.rows) {
            const name = JSON.stringify([row.scope, row.bound, row.slot])
            rows.set(name, { ...row, units: row.units + (rows.get(name)?.units ?? 0) })
          }
        }
        if (made.fault === 'forgets to say') throw new Error('cut')
        return { rows: [...rows.values()], isAll: false }
      },
    }),
  }
  return made
}

interface Replica {
  scheduler: LiveScheduler
  shared: SharedUsage
  running: Lease[]
}

async function start(all: Table, limits: LimitSpec[], clock: VirtualClock): Promise<Replica> {
  const make = () =>
    setUp([provider('p', [[], []])], {
      pools,
      options: {
        clients: { alice: { limits }, bob: { groups: ['team'] }, carol: { groups: ['team'] } },
        groups: { team: { limits } },
      },
      clock,
    }).scheduler
  const replica: Partial<Replica> = { scheduler: make(), running: [] }
  const scheduler = () => replica.scheduler as LiveScheduler
  const shared = await shareUsage(all.of(), { scheduler, usage: createClientUsage(), clock, failed: () => {} })
  return Object.assign(replica as Replica, { shared, reload: make })
}

const levelOf = ({ scheduler }: Replica, name: string): number =>
  scheduler.report().scopes.find(({ scope }) => scope === name)?.level ?? NaN

const step = fc.record({
  replica: fc.nat(2),
  client: fc.constantFrom('alice', 'bob', 'carol'),
  input: fc.integer({ min: 1, max: 2000 }),
  used: fc.integer({ min: 1, max: 4000 }),
  ends: fc.nat(2),
  waits: fc.constantFrom(0, 0, 1000, 5000),
  fault: fc.constantFrom(
    'none' as const,
    'none' as const,
    'none' as const,
    'refuses' as const,
    'forgets to say' as const,
  ),
  reloads: fc.boolean(),
  restarts: fc.nat(9),
})

test.each(Object.entries(shapes))('of a %s limit', async (_name, shape) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = virtualClock()
      const limits: LimitSpec[] = [{ metric: 'usd', amount: AMOUNT, period: DAY, scope: 'client', ...shape }]
      const all = table()
      const replicas = await Promise.all([0, 1, 2].map(() => start(all, limits, clock)))
      const spent = { alice: 0, team: 0 }
      const end = (replica: Replica, used: number, who: (lease: Lease) => keyof typeof spent): void => {
        const lease = replica.running.shift()
        if (!lease) return
        lease.settle({ input: used, output: 0, cost: used })
        spent[who(lease)] += used
      }
      const owners = new Map<Lease, keyof typeof spent>()
      const ownerOf = (lease: Lease) => owners.get(lease) ?? 'alice'
      for (const { replica: index, client, input, used, ends, waits, fault, reloads, restarts } of steps) {
        const replica = replicas[index] as Replica & { reload: () => LiveScheduler }
        const lease = await replica.scheduler.acquire(ask({ client, input, maxOutput: 1 }))
        owners.set(lease, client === 'alice' ? 'alice' : 'team')
        replica.running.push(lease)
        for (let n = 0; n < ends; n++) end(replica, used, ownerOf)
        all.fault = fault
        await clock.advance(waits)
        if (reloads) {
          const next = replica.reload()
          replica.shared.note()
          replica.scheduler.handOver(next)
          replica.scheduler = next
        }
        if (restarts > 0) continue
        all.fault = 'none'
        while (replica.running.length > 0) end(replica, used, ownerOf)
        await replica.shared.close()
        replicas[index] = await start(all, limits, clock)
      }
      all.fault = 'none'
      for (const replica of replicas) while (replica.running.length > 0) end(replica, 1, ownerOf)
      for (let n = 0; n < 10; n++) await clock.advance(1000)
      for (const replica of replicas) {
        const refilled = shape.shape === 'bucket' ? (clock.now() * AMOUNT) / DAY : 0
        for (const [name, sum] of [
          ['client alice', spent.alice],
          ['group team', spent.team],
        ] as const) {
          const used = AMOUNT - levelOf(replica, name)
          // a bucket that is full gives the guard of its first taking away
          expect(used).toBeLessThan(sum + 0.001 + (shape.shape === 'bucket' ? (AMOUNT / DAY) * 120 : 0))
          expect(used).toBeGreaterThan(sum - refilled - 0.001)
        }
      }
      await Promise.all(replicas.map(({ shared }) => shared.close()))
    }),
    { numRuns: 40 },
  )
})
