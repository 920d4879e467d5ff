/** Runs one scenario under one policy with one seed. */
import { seededChance } from '../../../src/scheduler/simulator/chance.ts'
import { scheduledGateway } from '../../../src/scheduler/simulator/scheduled-gateway.ts'
import type { Policy, Simulation } from '../../../src/scheduler/simulator/simulation.ts'
import { createSimulation } from '../../../src/scheduler/simulator/simulation.ts'
import { virtualClock } from '../../../src/scheduler/simulator/virtual-clock.ts'
import type { SchedulerSpec } from '../../../src/scheduler/scheduler.ts'
import { createScheduler } from '../../../src/scheduler/scheduler.ts'
import { upperBound } from './bound.ts'
import type { Measures } from './measure.ts'
import { measure } from './measure.ts'
import type { Peer } from './peers/peer.ts'
import { runPeer } from './peers/peer.ts'
import type { Scenario } from './scenarios.ts'
import type { SimKey } from './sim-key.ts'
import { keySpec, MODEL, upstreamKey } from './sim-key.ts'
import { PATIENCE } from './workload.ts'

/** After the last arrival everything that still waits or runs comes to its end. */
export const DRAIN = 400_000
export const RETRIES = 3
/** The world's chance is not the workload's, nor the scheduler's. */
export const WORLD = 100
export const SCHEDULER = 200

/** The real scheduler, one process whatever number of replicas the scenario names. */
export function runScheduler(scenario: Scenario, seed: number): Promise<Measures> {
  return run(scenario, seed, (simulation, keys) => {
    const { random } = seededChance(seed + SCHEDULER)
    const scheduler = createScheduler(specOf(keys), simulation.clock, random)
    const settings = { model: MODEL, patience: PATIENCE, tellsPatience: true, retries: RETRIES }
    return [scheduledGateway(simulation, scheduler, settings)]
  })
}

export function runPeerPolicy(scenario: Scenario, seed: number, peer: Peer): Promise<Measures> {
  return run(scenario, seed, (simulation, keys) =>
    Array.from({ length: scenario.replicas ?? 1 }, () => runPeer(peer, simulation, keys)),
  )
}

async function run(
  scenario: Scenario,
  seed: number,
  policies: (simulation: Simulation, keys: readonly SimKey[]) => Policy[],
): Promise<Measures> {
  const keys = scenario.keys()
  const requests = scenario.requests(seed)
  const chance = seededChance(seed + WORLD)
  const simulation = createSimulation({
    clock: virtualClock(),
    chance,
    keys: keys.map((key, index) => upstreamKey(key, index, chance.random)),
    requests,
    policies: (made) => policies(made, keys),
    faults: scenario.faults,
  })
  await simulation.run((requests.at(-1)?.at ?? 0) + DRAIN)
  return measure(simulation, requests, keys, upperBound(keys, requests, seed, scenario.dies))
}

export function specOf(keys: readonly SimKey[]): SchedulerSpec {
  const providers = [...new Set(keys.map((key) => key.provider))].map((name) => ({
    name,
    weight: 1,
    limits: [],
    keys: keys.flatMap((key, index) => (key.provider === name ? [keySpec(key, index)] : [])),
  }))
  const routes = providers.map(({ name }) => ({ provider: name, model: MODEL, weight: 1, tier: 0, limits: [] }))
  return { providers, pools: [{ model: MODEL, weight: 1, routes, limits: [] }], options: { max_wait: PATIENCE } }
}
