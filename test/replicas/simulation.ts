/** Four real schedulers on one real server, all on the virtual clock: the server is told the time before each call. */
import { createReplicas, type Replicas } from '../../src/replicas/replicated-scheduler.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'
import { scheduledGateway } from '../../src/scheduler/simulator/scheduled-gateway.ts'
import { createSimulation } from '../../src/scheduler/simulator/simulation.ts'
import { upperBound } from '../scheduler/sim/bound.ts'
import { measure, type Measures } from '../scheduler/sim/measure.ts'
import { DRAIN, RETRIES, SCHEDULER, specOf, WORLD } from '../scheduler/sim/run.ts'
import type { Scenario } from '../scheduler/sim/scenarios.ts'
import { MODEL, upstreamKey } from '../scheduler/sim/sim-key.ts'
import { PATIENCE } from '../scheduler/sim/workload.ts'
import type { RedisServer } from './redis-server.ts'
import { timedCalls } from './virtual-ledger.ts'

/** Each has keys of its own: its clock begins anew. */
let run = 0
const EPOCH = 1_700_000_000_000

export interface SimulatedReplicas extends Measures {
  roundTrips: number
  /** Picks that others had taken. */
  beaten: number
}

/** @param seconds of arrivals at most */
export async function runReplicas(
  scenario: Scenario,
  seed: number,
  server: RedisServer,
  seconds = Infinity,
): Promise<SimulatedReplicas> {
  run++
  const calls = timedCalls(server.url, EPOCH)
  const { clock } = calls
  const keys = scenario.keys()
  const requests = scenario.requests(seed).filter(({ at }) => at < seconds * 1000)
  const chance = seededChance(seed + WORLD)
  const closers: (() => Promise<void>)[] = []
  const replicas: Replicas[] = []
  for (let n = 0; n < (scenario.replicas ?? 1); n++) {
    const { random } = seededChance(seed + SCHEDULER + n)
    const scheduler = createScheduler(specOf(keys), clock, random)
    const ledger = await calls.connect({ prefix: `simulation-${run}`, replica: `r${n}` }, () => made)
    const made = createReplicas(() => scheduler, ledger, {
      replica: `r${n}`,
      on_loss: 'share',
      least: 1,
      clock,
      random,
      changed: () => {},
    })
    replicas.push(made)
    await made.start()
    closers.push(async () => {
      made.close()
      scheduler.close()
      await ledger.close()
    })
  }
  const simulation = createSimulation({
    clock,
    chance,
    keys: keys.map((key, index) => upstreamKey(key, index, chance.random)),
    requests,
    faults: scenario.faults,
    policies: (simulated) =>
      replicas.map(({ acquire }) =>
        scheduledGateway(
          simulated,
          { acquire },
          { model: MODEL, patience: PATIENCE, tellsPatience: true, retries: RETRIES },
        ),
      ),
  })
  await simulation.run((requests.at(-1)?.at ?? 0) + DRAIN / 4)
  const reports = replicas.map((each) => each.report())
  for (const close of closers) await close()
  calls.server.close()
  return {
    ...measure(simulation, requests, keys, upperBound(keys, requests, seed, scenario.dies)),
    roundTrips: reports.reduce((sum, each) => sum + each.roundTrips, 0),
    beaten: reports.reduce((sum, each) => sum + each.refused, 0),
  }
}
