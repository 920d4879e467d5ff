/**
 * Prints the scheduler's goals, what it reaches, and the peers on the same work: `npm run bench:scheduler`.
 * `-- a_over d_learn` runs these scenarios only, `--ours` leaves the peers out, `--seeds 1,2,3` takes other seeds.
 */
import { parseArgs } from 'node:util'
import { hasServer, startRedis } from '../replicas/redis-server.ts'
import { runReplicas } from '../replicas/simulation.ts'
import { GOALS, missed } from '../scheduler/sim/goals.ts'
import type { Measures } from '../scheduler/sim/measure.ts'
import { mean } from '../scheduler/sim/measure.ts'
import { PEERS } from '../scheduler/sim/peers/index.ts'
import { runPeerPolicy, runScheduler } from '../scheduler/sim/run.ts'
import type { Scenario } from '../scheduler/sim/scenarios.ts'
import { SCENARIOS } from '../scheduler/sim/scenarios.ts'
import { hasTraces } from '../scheduler/sim/workload.ts'

const OURS = 'balanced-call'

const COLUMNS: [title: string, measure: keyof Measures, digits: number][] = [
  ['goodput % of bound', 'goodput', 1],
  ['429 /1000', 'refused', 1],
  ['401 /1000', 'unauthorized', 1],
  ['failed /1000', 'failed', 1],
  ['errors seen /1000', 'visible', 1],
  ['wait p50 s', 'waitMedian', 2],
  ['p99 s', 'waitP99', 2],
  ['weight deviation', 'weightDeviation', 1],
  ['fairness', 'fairness', 2],
  ['largest 10 % served', 'largestServed', 0],
  ['tokens served %', 'tokensServed', 1],
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ours: { type: 'boolean' }, seeds: { type: 'string', default: '1,2' } },
})
const seeds = values.seeds.split(',').map(Number)
const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS)
const policies: Record<string, (scenario: Scenario, seed: number) => Promise<Measures>> = { [OURS]: runOurs }
if (!values.ours) {
  for (const [name, peer] of Object.entries(PEERS))
    policies[name] = (scenario, seed) => runPeerPolicy(scenario, seed, peer)
}

if (!hasTraces) {
  console.error('The recorded traces are not here (../shared/scheduler/traces); the scenarios need their token counts.')
  process.exit(1)
}
let failures = 0
for (const name of names) failures += await bench(name)
console.log(failures === 0 ? 'All goals are met.' : `${failures} goals are missed.`)
process.exitCode = failures === 0 ? 0 : 1

/** Replicas need a server to share. */
async function runOurs(scenario: Scenario, seed: number): Promise<Measures> {
  if (scenario.replicas === undefined || !hasServer) return runScheduler(scenario, seed)
  const server = await startRedis()
  try {
    return await runReplicas(scenario, seed, server)
  } finally {
    await server.close()
  }
}

async function bench(name: string): Promise<number> {
  const scenario = SCENARIOS[name]
  if (scenario === undefined)
    throw new Error(`There is no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}.`)
  console.log(`\n### ${name}: ${scenario.note}; mean of seeds ${seeds.join(', ')}`)
  if (scenario.replicas !== undefined)
    console.log(`${OURS} runs as ${hasServer ? `${scenario.replicas} replicas on one server` : 'one process'}.`)
  console.log(`\n| policy | ${COLUMNS.map(([title]) => title).join(' | ')} | run s |`)
  console.log(`|---|${'---|'.repeat(COLUMNS.length + 1)}`)
  let misses: string[] = []
  for (const [policy, run] of Object.entries(policies)) {
    const start = performance.now()
    const runs: Measures[] = []
    for (const seed of seeds) runs.push(await run(scenario, seed))
    const measures = mean(runs)
    if (policy === OURS) misses = missed(GOALS[name] ?? [], measures)
    const cells = COLUMNS.map(([, measure, digits]) => measures[measure].toFixed(digits))
    console.log(`| ${policy} | ${cells.join(' | ')} | ${((performance.now() - start) / 1000).toFixed(1)} |`)
  }
  console.log(misses.length === 0 ? '\nGoals met.' : misses.map((miss) => `\nMISSED: ${miss}`).join(''))
  return misses.length
}
