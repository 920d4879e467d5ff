/** What a configuration would do with a trace: the real scheduler on a virtual clock, before real keys are spent. */
import { GatewayError } from '../../chat/error.ts'
import type { PoolSpec } from '../types.ts'
import { DEFAULT_OPTIONS } from '../options.ts'
import type { SchedulerSpec } from '../scheduler.ts'
import { createScheduler } from '../scheduler.ts'
import { seededChance } from './chance.ts'
import type { UpstreamBehaviour, World } from './simulated-provider.ts'
import { simulateProviders } from './simulated-provider.ts'
import type { KeyUse } from './key-use.ts'
import { keyUse } from './key-use.ts'
import { percentile } from './percentile.ts'
import { scheduledGateway } from './scheduled-gateway.ts'
import type { SimulatedRequest, Simulation } from './simulation.ts'
import { createSimulation } from './simulation.ts'
import type { Remedy } from './target.ts'
import { remedies } from './target.ts'
import type { TraceRow } from './trace.ts'
import { virtualClock } from './virtual-clock.ts'

export interface PlanRequest {
  rows: readonly TraceRow[]
  config: SchedulerSpec
  /** A public model or `provider/model`; the configuration's first when absent. */
  model?: string
  /** Percentage of requests that are to be served; asks what it would take. */
  target?: number
  /** What is supposed of every upstream's speed. */
  behaviour?: UpstreamBehaviour
  /** Wall-clock time of the trace's beginning (milliseconds since 1970), for limits that follow the calendar. */
  start?: number
  seed?: number
  /** How many times as fast as in the trace requests come; 1 when absent. */
  speed?: number
  /** How providers differ from what is declared. */
  world?: World
  /** Hears how often the traffic has run so far: at the beginning, and after each time. */
  progress?: (runs: number) => void
}

export interface PlanReport {
  model: string
  requests: number
  /** Seconds from the first request to the last. */
  seconds: number
  /** Percentage of requests that were served. */
  goodput: number
  /** Requests that failed in the end, their clients' retries included, and with which status. */
  failed: number
  statuses: Record<number, number>
  /** Errors that clients saw, those that their SDKs retried included. */
  errors: number
  /** Requests that upstreams refused with 429. */
  refused: number
  /** How the providers were supposed to differ from what is declared; absent: not at all. */
  world?: World
  /** Seconds that the served waited until they were sent, client retries included. */
  wait: { p50: number; p99: number; longest: number }
  keys: KeyUse[]
  /** What would reach the target; absent when none was named or it is reached. */
  target?: { percentage: number; reached: boolean; remedies: Remedy[] }
}

const USUAL_BEHAVIOUR: UpstreamBehaviour = { firstByte: 400, tokensPerSecond: 70 }
/** A Thursday's midnight in UTC, so that a plan says the same tomorrow. */
const USUAL_START = Date.UTC(2026, 0, 1)
/** Tries beside the first, as the server's default. */
const RETRIES = 2
/** Milliseconds after the last arrival: the longest patience of three visits and the longest answer. */
const DRAIN = 3_600_000

/**
 * Runs the trace through the scheduler. Upstreams enforce what the configuration declares, each scope by its shape; a
 * client that states no maximum is charged for the answer that it got. Throws GatewayError `unknown_model` or
 * `invalid_request`.
 */
export async function plan(request: PlanRequest): Promise<PlanReport> {
  const { rows, config, target } = request
  if (rows.length === 0) throw new GatewayError('invalid_request', 'The trace has no requests.')
  const pool = poolOf(config, request.model)
  let runs = 0
  request.progress?.(runs)
  const run = async (tried: SchedulerSpec, by: PoolSpec): Promise<PlanReport> => {
    const ran = await runTrace(request, tried, by)
    request.progress?.(++runs)
    return ran
  }
  const supposed = Object.values(request.world ?? {}).some((value) => value !== undefined)
  const report = { ...(await run(config, pool)), ...(supposed && { world: request.world }) }
  if (target === undefined) return report
  const reached = report.goodput >= target
  const goodput = async (changed: SchedulerSpec): Promise<number> => {
    return (await run(changed, poolOf(changed, pool.model))).goodput
  }
  const found = reached ? [] : await remedies(config, pool, target, goodput)
  return { ...report, target: { percentage: target, reached, remedies: found } }
}

async function runTrace(request: PlanRequest, config: SchedulerSpec, pool: PoolSpec): Promise<PlanReport> {
  const { behaviour = USUAL_BEHAVIOUR, start = USUAL_START, seed = 1, speed = 1, world } = request
  const chance = seededChance(seed)
  const clock = virtualClock(start)
  const scheduler = createScheduler(config, clock, seededChance(seed + 1).random)
  const requests = request.rows.map((row, id) => requestOf(row, id, speed))
  const patience = config.options.max_wait ?? DEFAULT_OPTIONS.max_wait
  const simulation = createSimulation({
    clock,
    chance,
    keys: simulateProviders(config.providers, pool, { behaviour, world, epoch: start, random: chance.random }),
    requests,
    policies: (made) => [
      scheduledGateway(made, scheduler, { model: pool.model, patience, tellsPatience: false, retries: RETRIES }),
    ],
  })
  const last = requests.at(-1)?.at ?? 0
  await simulation.run(last + DRAIN)
  scheduler.close()
  return reportOf(pool.model, simulation, requests, last)
}

function requestOf(row: TraceRow, id: number, speed: number): SimulatedRequest {
  const maximum = row.max_tokens ?? row.output_tokens
  return {
    id,
    at: (row.t_s * 1000) / speed,
    input: row.input_tokens,
    output: Math.min(row.output_tokens, maximum),
    maxOutput: maximum,
    statesMaximum: row.max_tokens !== undefined,
    client: row.client ?? 'anyone',
    deadline: Infinity,
    clientRetries: 0,
    over: false,
    good: false,
  }
}

function reportOf(
  model: string,
  simulation: Simulation,
  requests: readonly SimulatedRequest[],
  last: number,
): PlanReport {
  const served = requests.filter((request) => request.good)
  const waits = served.map((request) => ((request.sent ?? request.at) - request.at) / 1000)
  const statuses: Record<number, number> = {}
  for (const { good, status } of requests) {
    if (!good && status !== undefined) statuses[status] = (statuses[status] ?? 0) + 1
  }
  const first = requests[0]?.at ?? 0
  return {
    model,
    requests: requests.length,
    seconds: (last - first) / 1000,
    goodput: (100 * served.length) / requests.length,
    failed: requests.length - served.length,
    statuses,
    errors: simulation.counts.visible,
    refused: simulation.counts.refused,
    wait: { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99), longest: percentile(waits, 1) },
    keys: simulation.keys.map((key) => keyUse(key, last - first)),
  }
}

/** The pool of a public model, or one made for `provider/model`. */
function poolOf(config: SchedulerSpec, model: string | undefined): PoolSpec {
  const found = model === undefined ? config.pools[0] : config.pools.find((pool) => pool.model === model)
  if (found) return found
  const [provider = '', ...rest] = (model ?? '').split('/')
  if (rest.length === 0 || !config.providers.some(({ name }) => name === provider)) {
    const known = config.pools.map((pool) => pool.model).join(', ')
    throw new GatewayError('unknown_model', `No model ${model ?? ''} is configured; there are ${known}.`)
  }
  const route = { provider, model: rest.join('/'), weight: 1, tier: 0, limits: [] }
  return { model: model ?? '', weight: 1, routes: [route], limits: [] }
}
