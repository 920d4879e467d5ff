import { describe, expect, it, vi } from 'vitest'
import { spend, startFleet, type Fleet } from './fleet.ts'
import { hasServer, startRedis } from './redis-server.ts'

const KEYS = ['a', 'b', 'c']
/** For each key: so many at once, and so many a day. */
const AT_ONCE = 2
const A_DAY = 12

const spec = {
  keys: KEYS,
  declared: [{ concurrency: AT_ONCE }, { requests: A_DAY, per: 'day', resets: '00:00 UTC' }],
  enforced: [
    { metric: 'concurrency' as const, amount: AT_ONCE, period: 0 },
    {
      metric: 'requests' as const,
      amount: A_DAY,
      period: 86_400_000,
      shape: 'calendar' as const,
      resets: { unit: 'day' as const, at: '00:00', zone: 'UTC' },
    },
  ],
  max_wait: '1s',
}

async function idle(fleet: Fleet): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const { inFlight, queued } of await fleet.reports()) expect([inFlight, queued]).toEqual([0, 0])
    },
    { timeout: 15_000 },
  )
}

describe.runIf(hasServer)('replicas as processes', { timeout: 60_000 }, () => {
  it('spend one quota to its last request, and not one more, though one of them dies on the way', async () => {
    const server = await startRedis()
    const fleet = await startFleet({ ...spec, url: server.url, count: 3, state: { timeout: '20s' } })
    try {
      const first = await spend(fleet.addresses, 6, 10)
      await fleet.kill(0)
      const second = await spend(fleet.addresses.slice(1), 6)
      expect([first.others, second.others]).toEqual([{}, {}])
      expect(fleet.upstream()).toEqual({ requests: KEYS.length * A_DAY, refused: 0 })
      await idle(fleet)
      const [report] = await fleet.reports()
      expect(report?.replicas.state).toBe('shared')
    } finally {
      await fleet.close()
      await server.close()
    }
  })
})
