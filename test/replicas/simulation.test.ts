import { describe, expect, it } from 'vitest'
import { SCENARIOS, type Scenario } from '../scheduler/sim/scenarios.ts'
import { hasTraces } from '../scheduler/sim/workload.ts'
import { hasServer, startRedis } from './redis-server.ts'
import { runReplicas } from './simulation.ts'

/** Of arrivals: the whole scenarios are run by `npm run bench:scheduler`. */
const SECONDS = 140

// Token counts come from recorded traces that a bare clone does not have.
describe.runIf(hasServer && hasTraces)('four replicas on the virtual clock', { timeout: 120_000 }, () => {
  it.each(['g_4rep', 'g_4rep_over'])('%s: use what there is, and no provider refuses anything', async (name) => {
    const server = await startRedis()
    try {
      const run = await runReplicas(SCENARIOS[name] as Scenario, 1, server, SECONDS)
      expect(run.refused).toBe(0)
      expect(run.goodput).toBeGreaterThanOrEqual(99)
      expect(run.fairness).toBeGreaterThanOrEqual(0.95)
      if (name === 'g_4rep') expect(run.waitP99).toBeLessThan(0.005)
    } finally {
      await server.close()
    }
  })
})
