import { describe, expect, it } from 'vitest'
import { GOALS, missed } from './goals.ts'
import { mean } from './measure.ts'
import { runScheduler } from './run.ts'
import { SCENARIOS } from './scenarios.ts'
import { hasTraces } from './workload.ts'

/** Those of the goals' own tables, which give the mean of both. */
const SEEDS = [1, 2]

// Token counts and arrivals come from recorded traces that a bare clone does not have.
describe.skipIf(!hasTraces)('the scheduler reaches its goals on the virtual clock', { timeout: 300_000 }, () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const where = scenario.replicas === undefined ? '' : ', run as a single process: replicas share no state'
    const goals = GOALS[name] ?? []

    it(`${name}: ${scenario.note}${where}`, async () => {
      const runs = []
      for (const seed of SEEDS) runs.push(await runScheduler(scenario, seed))
      expect(missed(goals, mean(runs))).toEqual([])
    })
  }

  it('has a goal for each scenario', () => {
    expect(Object.keys(GOALS)).toEqual(Object.keys(SCENARIOS))
  })
})
