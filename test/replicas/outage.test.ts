import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GOES, runOutage, type Outage } from './outage.ts'
import { hasServer, startRedis, type RedisServer } from './redis-server.ts'

const SEEDS = [5, 6]
/** Milliseconds: replicas look for it at moments of their own, so each length is met in another way. */
const LENGTHS = [2060, 2070, 2080, 2090]

describe.runIf(hasServer)('four replicas whose server goes for two seconds', { timeout: 60_000 }, () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.close())

  async function run(outage: Pick<Outage, 'shape' | 'back' | 'begins'>): Promise<void> {
    for (const seed of SEEDS) {
      const { alone, tooMany } = await runOutage(server, { ...outage, lasts: 2000, seed })
      expect(tooMany).toBe(0)
      expect(alone).toBeGreaterThan(30)
    }
  }

  it.each([
    ['bucket', 'same'],
    ['bucket', 'restarted'],
    ['sliding', 'restarted'],
    ['sliding', 'empty'],
    ['calendar', 'restarted'],
    ['places', 'same'],
    ['places', 'restarted'],
  ] as const)('use no more of a %s limit than there is, when it comes back %s', (shape, back) =>
    run({ shape, back, begins: 0 }),
  )

  it.each(['sliding', 'calendar', 'places'] as const)(
    'use no more of %s than there are, when it does late all that it was asked',
    async (shape) => {
      for (const [index, lasts] of LENGTHS.entries()) {
        const { alone, tooMany } = await runOutage(server, { shape, back: 'late', begins: 0, lasts, seed: 6 + index })
        expect(tooMany).toBe(0)
        expect(alone).toBeGreaterThan(10)
      }
    },
  )

  // Where there is plenty, a replica hears only once a second what others have taken.
  it.each(['sliding', 'calendar'] as const)('use no more of a %s limit that was hardly touched before', (shape) =>
    run({ shape, back: 'same', begins: GOES - 400 }),
  )
})
