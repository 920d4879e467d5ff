/** Limits and money of clients that come, change, rotate and go at run time: exact, whoever asks at once, over restarts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOwner, type Owner } from '../../src/app/scheduler-owner.ts'
import { openStore } from '../../src/store/store.ts'
import type { Lease } from '../../src/scheduler/types.ts'
import { load } from '../config/files.ts'
import { virtualClock } from '../scheduler/virtual-clock.ts'

const FILE = `providers:
  p: { format: openai, base_url: http://127.0.0.1:1/v1, keys: [key-one-0001, key-two-0002], models: { m: { price: { input: 1000, output: 1000 } } } }
models: { chat: [p/m] }
groups: { team: { limits: { usd: 12, per: day } } }
server: { admin_keys: key-of-admin }
`

const NAMES = ['alice', 'bob'] as const
const step = fc.record({
  client: fc.constantFrom(...NAMES),
  input: fc.integer({ min: 1, max: 1500 }),
  ends: fc.nat(3),
  used: fc.integer({ min: 1, max: 3000 }),
  event: fc.oneof(
    { weight: 6, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constantFrom('rotate', 'change', 'restart', 'other', 'reload', 'several' as const) },
  ),
})

test('no budget is overrun by more than what is in flight, and each is exact when nothing is', async () => {
  const config = load(FILE)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const data = mkdtempSync(join(tmpdir(), 'managed-'))
      const clock = virtualClock()
      const open = (): Promise<Owner> =>
        createOwner(config, { level: 'silent', data, store: openStore(data), clock, write: () => {} })
      let owner = await open()
      const budgets: Record<string, number> = { alice: 5, bob: 20 }
      const spent: Record<string, number> = { alice: 0, bob: 0 }
      const running: { lease: Lease; client: string }[] = []
      const create = (name: string, entry: object): Promise<object> =>
        owner.desk.administer('client-keys', 'create', { body: { name, ...entry } })
      const left = (scope: string): number =>
        owner
          .scheduler()
          .report()
          .scopes.find((each) => each.scope === scope)?.level ?? Infinity
      try {
        for (const name of NAMES)
          await create(name, { limits: { usd: budgets[name], per: 'day' }, groups: 'team', weight: 2 })
        let others = 0
        for (const { client, input, ends, used, event } of steps) {
          const asked = Array.from({ length: event === 'several' ? 4 : 1 }, () =>
            owner.scheduler().acquire({ model: 'chat', client, input, maxOutput: 10, needs: {}, maxWait: 0 }),
          )
          const taken = (await Promise.allSettled(asked)).flatMap((each) =>
            each.status === 'fulfilled' ? { lease: each.value, client } : [],
          )
          if (taken.length > 0) {
            expect(spent[client]).toBeLessThan(budgets[client] ?? 0)
            expect((spent['alice'] ?? 0) + (spent['bob'] ?? 0)).toBeLessThan(12)
          }
          running.push(...taken)
          for (const done of running.splice(0, ends)) {
            done.lease.settle({ input: used, output: 0, cost: used / 1000 })
            spent[done.client] = (spent[done.client] ?? 0) + used / 1000
          }
          if (event === 'rotate') await owner.desk.administer('client-keys', 'rotate', { id: client, body: {} })
          if (event === 'change') {
            budgets[client] = (budgets[client] ?? 0) === 5 ? 6 : 5
            const body = { limits: { usd: budgets[client], per: 'day' } }
            await owner.desk.administer('client-keys', 'change', { id: client, body })
          }
          if (event === 'other') await create(`other-${others++}`, { limits: { rpm: 1 } })
          if (event === 'reload') await owner.reload(config)
          if (event === 'restart' && running.length === 0) {
            owner.close()
            owner = await open()
          }
          if (running.length > 0) continue
          for (const name of NAMES)
            expect(left(`client ${name}`)).toBeCloseTo(Math.max(0, (budgets[name] ?? 0) - (spent[name] ?? 0)), 6)
        }
      } finally {
        owner.close()
        rmSync(data, { recursive: true, force: true })
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('who waits and who runs goes on while clients come and go', async () => {
  const data = mkdtempSync(join(tmpdir(), 'managed-'))
  const owner = await createOwner(load(FILE), { level: 'silent', data, write: () => {} })
  const make = (name: string, entry: object): Promise<object> =>
    owner.desk.administer('client-keys', 'create', { body: { name, ...entry } })
  const ask = (client: string): Promise<Lease> =>
    owner.scheduler().acquire({ model: 'chat', client, input: 10, maxOutput: 10, needs: {}, maxWait: 60_000 })
  try {
    await make('alice', { limits: { concurrency: 1 } })
    const first = await ask('alice')
    const second = ask('alice')
    await Promise.all(['bob', 'carol', 'dave'].map((name) => make(name, { limits: { rpm: 5 } })))
    expect(owner.scheduler().report()).toMatchObject({ inFlight: 1, queued: 1 })
    first.settle({ input: 10, output: 10 })
    ;(await second).settle({ input: 10, output: 10 })
    const third = await ask('alice')
    const fourth = ask('alice')
    await owner.desk.administer('client-keys', 'change', { id: 'alice', body: { limits: { concurrency: 2 } } })
    ;(await fourth).settle({ input: 1, output: 1 })
    third.settle({ input: 1, output: 1 })
    expect(owner.scheduler().report()).toMatchObject({ inFlight: 0, queued: 0 })
  } finally {
    owner.close()
    rmSync(data, { recursive: true, force: true })
  }
})
