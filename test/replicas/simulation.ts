/** Four real schedulers on one real server, all on the virtual clock: the server is told the time before each call. */
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import { createReplicas, type Replicas } from '../../src/replicas/replicated-scheduler.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'
import { scheduledGateway } from '../../src/scheduler/simulator/scheduled-gateway.ts'
import { createSimulation } from '../../src/scheduler/simulator/simulation.ts'
import { microtasksDone, virtualClock, type VirtualClock } from '../../src/scheduler/simulator/virtual-clock.ts'
import { upperBound } from '../scheduler/sim/bound.ts'
import { measure, type Measures } from '../scheduler/sim/measure.ts'
import { DRAIN, RETRIES, SCHEDULER, specOf, WORLD } from '../scheduler/sim/run.ts'
import type { Scenario } from '../scheduler/sim/scenarios.ts'
import { MODEL, upstreamKey } from '../scheduler/sim/sim-key.ts'
import { PATIENCE } from '../scheduler/sim/workload.ts'
import type { RedisServer } from './redis-server.ts'
import { serverClock, virtualSource } from './virtual-ledger.ts'

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
  const time = serverClock(server.url)
  const calls = { underWay: 0 }
  const settled = async (): Promise<void> => {
    do await microtasksDone()
    while (calls.underWay > 0)
  }
  const clock = virtualClock(EPOCH, settled)
  const keys = scenario.keys()
  const requests = scenario.requests(seed).filter(({ at }) => at < seconds * 1000)
  const chance = seededChance(seed + WORLD)
  const closers: (() => Promise<void>)[] = []
  const replicas: Replicas[] = []
  const called = async <T>(call: () => Promise<T>): Promise<T> => {
    calls.underWay++
    try {
      await time.set(clock.wall())
      return await call()
    } finally {
      calls.underWay--
    }
  }
  for (let n = 0; n < (scenario.replicas ?? 1); n++) {
    const { random } = seededChance(seed + SCHEDULER + n)
    const scheduler = createScheduler(specOf(keys), clock, random)
    const ledger = onTime(await connect(server, clock, `r${n}`, () => made), called)
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
  time.close()
  return {
    ...measure(simulation, requests, keys, upperBound(keys, requests, seed, scenario.dies)),
    roundTrips: reports.reduce((sum, each) => sum + each.roundTrips, 0),
    beaten: reports.reduce((sum, each) => sum + each.refused, 0),
  }
}

function connect(server: RedisServer, clock: VirtualClock, replica: string, replicas: () => Replicas): Promise<Ledger> {
  return connectLedger({
    url: server.url,
    prefix: `simulation-${run}`,
    timeout: 20_000,
    replica,
    wall: () => clock.wall(),
    freed: (told) => replicas().freed(told),
    said: (text) => replicas().hear(text),
    failed: () => {},
    source: virtualSource(),
  })
}

/** Each call goes to a server that knows the time, and time stands still until it is answered. */
function onTime(ledger: Ledger, called: <T>(call: () => Promise<T>) => Promise<T>): Ledger {
  return {
    ...ledger,
    acquire: (...args) => called(() => ledger.acquire(...args)),
    settle: (...args) => called(() => ledger.settle(...args)),
    peek: (...args) => called(() => ledger.peek(...args)),
    merge: (...args) => called(() => ledger.merge(...args)),
    heard: (...args) => called(() => ledger.heard(...args)),
    hello: (...args) => called(() => ledger.hello(...args)),
    say: (...args) => called(() => ledger.say(...args)),
  }
}
