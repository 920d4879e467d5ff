/** What a run shows, in the units of the benchmark's goals. */
import { percentile } from '../../../src/scheduler/simulator/percentile.ts'
import type { SimulatedRequest, Simulation } from '../../../src/scheduler/simulator/simulation.ts'
import type { SimKey } from './sim-key.ts'

export interface Measures {
  requests: number
  /** Served in time and sent before the last arrival, % of the clairvoyant bound. */
  goodput: number
  /** Per 1000 requests: upstream 429s, upstream 401s, failed in the end, errors that clients saw. */
  refused: number
  unauthorized: number
  failed: number
  visible: number
  /** Seconds from first arrival to the send that succeeded, of the good. */
  waitMedian: number
  waitP99: number
  /** Largest difference between a key's share of requests and its weight's, percentage points. */
  weightDeviation: number
  /** The worst client's share of what max-min fairness owes it. */
  fairness: number
  /** % of the largest tenth of requests that was served, and of all tokens. */
  largestServed: number
  tokensServed: number
}

export function measure(
  simulation: Simulation,
  requests: readonly SimulatedRequest[],
  keys: readonly SimKey[],
  bound: number,
): Measures {
  const good = requests.filter((request) => request.good)
  const last = requests.at(-1)?.at ?? 0
  const waits = good.map((request) => Math.max(0, (request.sent ?? request.at) - request.at) / 1000)
  const tokens = (request: SimulatedRequest): number => request.input + request.output
  const large = percentile(requests.map(tokens), 0.9)
  const largest = requests.filter((request) => tokens(request) >= large)
  const perThousand = (count: number): number => (1000 * count) / requests.length
  return {
    requests: requests.length,
    goodput: (100 * good.filter(({ sent }) => (sent ?? Infinity) <= last).length) / bound,
    refused: perThousand(simulation.counts.refused),
    unauthorized: perThousand(simulation.counts.unauthorized),
    failed: perThousand(requests.length - good.length),
    visible: perThousand(simulation.counts.visible),
    waitMedian: percentile(waits, 0.5),
    waitP99: percentile(waits, 0.99),
    weightDeviation: weightDeviation(simulation, keys),
    fairness: fairness(requests, good),
    largestServed: (100 * largest.filter((request) => request.good).length) / Math.max(1, largest.length),
    tokensServed: (100 * sum(good.map(tokens))) / sum(requests.map(tokens)),
  }
}

function weightDeviation(simulation: Simulation, keys: readonly SimKey[]): number {
  const served = sum(simulation.keys.map((key) => key.served)) || 1
  const weights = sum(keys.map((key) => key.weight))
  return (
    100 *
    Math.max(...keys.map((key, at) => Math.abs((simulation.keys[at]?.served ?? 0) / served - key.weight / weights)))
  )
}

/** Of all clients, the least ratio of what one got to what water filling would have given it. */
function fairness(requests: readonly SimulatedRequest[], good: readonly SimulatedRequest[]): number {
  const demand = countByClient(requests)
  const got = countByClient(good)
  let left = good.length
  let worst = Infinity
  const ascending = [...demand].sort((a, b) => a[1] - b[1])
  for (const [index, [client, wanted]] of ascending.entries()) {
    const due = Math.min(wanted, left / (ascending.length - index))
    left -= due
    worst = Math.min(worst, due > 0 ? (got.get(client) ?? 0) / due : 1)
  }
  return worst
}

function countByClient(requests: readonly SimulatedRequest[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { client } of requests) counts.set(client, (counts.get(client) ?? 0) + 1)
  return counts
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The mean of several runs, measure by measure. */
export function mean(runs: readonly Measures[]): Measures {
  const [first] = runs
  if (first === undefined) throw new Error('There is no run to take the mean of.')
  const names = Object.keys(first) as (keyof Measures)[]
  return Object.fromEntries(names.map((name) => [name, sum(runs.map((run) => run[name])) / runs.length])) as never
}
