/** How Prometheus reads what was counted and how things stand: written by prom-client. */
import type { SchedulerReport } from '../scheduler/types.ts'
import { DELAY_BOUNDS } from './event-loop-delay.ts'
import { counter, gauge, histogram, labelled, registryOf, type Family } from './metric-families.ts'
import { SECONDS, SPEEDS, type Counts, type ModelCounts, type ProviderCounts } from './metrics.ts'
import { limitFamilies } from './limit-metrics.ts'
import { keyFamilies } from './key-metrics.ts'
import { replicaFamilies } from './replica-metrics.ts'
import type { FaultCounts } from './upstream-faults.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** How things stand at this moment. */
export interface Standing {
  report: SchedulerReport
  faults: ReadonlyMap<string, FaultCounts>
  /** Public models and upstream models of the configuration: whatever else a client named is `other`, or not shown. */
  models: ReadonlySet<string>
  /** Processes that serve. */
  workers: number
  version: string
  /** Milliseconds since the epoch. */
  wall: number
  /** Of the process that owns the scheduler: seconds of CPU, bytes, and seconds since the epoch. */
  process: { cpu: number; memory: number; started: number }
}

export async function metricsText(counts: Counts, standing: Standing): Promise<string> {
  const families = [...requestFamilies(counts), ...standingFamilies(standing), ...processFamilies(counts, standing)]
  return (await registryOf(families)).metrics()
}

function requestFamilies({ providers }: Counts): Family[] {
  const each = [...providers]
  const eachModel = each.flatMap(([provider, { models }]) =>
    [...models].map(([model, counted]) => [provider, model, counted] as const),
  )
  const tokens = ({ input, output, cached }: ModelCounts) => Object.entries({ input, output, cached })
  const seconds = (part: (counted: ProviderCounts) => number[]) =>
    each.map(([provider, counted]) => [{ provider }, part(counted)] as const)
  return [
    counter(
      'balanced_call_requests_total',
      'Requests that ended, by the public model, the provider of the last try and how they ended.',
      eachModel.flatMap(([provider, model, { outcomes }]) =>
        [...outcomes].map(([outcome, n]) => labelled({ model, provider, outcome }, n)),
      ),
    ),
    counter(
      'balanced_call_retries_total',
      'Tries beside the first.',
      each.flatMap(([provider, { retries }]) => (retries > 0 ? labelled({ provider }, retries) : [])),
    ),
    counter(
      'balanced_call_tokens_total',
      'Tokens as providers told them; cached ones are among the input.',
      eachModel.flatMap(([provider, model, counted]) =>
        tokens(counted).flatMap(([kind, n]) => (n > 0 ? labelled({ provider, model, kind }, n) : [])),
      ),
    ),
    ...costFamily(each),
    histogram(
      'balanced_call_request_seconds',
      'From the arrival of a request to the end of its answer.',
      SECONDS,
      seconds(({ total }) => total),
    ),
    histogram(
      'balanced_call_first_content_seconds',
      'From the arrival of a request to its first content: the time to the first token.',
      SECONDS,
      seconds(({ first }) => first),
    ),
    histogram(
      'balanced_call_queue_seconds',
      'In the queue, until a key could take the request.',
      SECONDS,
      seconds(({ queue }) => queue),
    ),
    histogram(
      'balanced_call_output_tokens_per_second',
      'How fast streams came, from their first content to their end.',
      SPEEDS,
      each.map(([provider, { speed }]) => [{ provider }, speed] as const),
    ),
  ]
}

/** Absent while nothing has a price. */
function costFamily(each: [string, ProviderCounts][]): Family[] {
  const samples = each.flatMap(([provider, { cost }]) =>
    [...cost].flatMap(([client, costs]) =>
      [...costs].map(([model, dollars]) => labelled({ client, provider, model }, dollars)),
    ),
  )
  if (samples.length === 0) return []
  return [counter('balanced_call_cost_dollars_total', 'US dollars, by the price of each route.', samples)]
}

function standingFamilies({ report, faults, models, wall }: Standing): Family[] {
  const queued = new Map<string, number>()
  for (const pool of report.pools) {
    const model = models.has(pool.model) ? pool.model : 'other'
    queued.set(model, (queued.get(model) ?? 0) + pool.queued)
  }
  const told = [...faults]
  return [
    gauge('balanced_call_in_flight', 'Requests at upstreams now.', [labelled({}, report.inFlight)]),
    gauge('balanced_call_queued', 'Requests that wait for a key now.', [labelled({}, report.queued)]),
    gauge(
      'balanced_call_pool_queued',
      'Requests that wait for a key of this public model now.',
      [...queued].map(([model, n]) => labelled({ model }, n)),
    ),
    counter(
      'balanced_call_upstream_faults_total',
      'Tries that an upstream refused or failed, by the kind of fault.',
      told.flatMap(([provider, { kinds }]) => [...kinds].map(([kind, n]) => labelled({ provider, kind }, n))),
    ),
    counter(
      'balanced_call_upstream_rate_limits_total',
      'Tries that an upstream refused for a limit: expected of a key on trial or without known limits, else not.',
      told.flatMap(([provider, { expected, unexpected }]) => [
        labelled({ provider, expected: 'true' }, expected),
        labelled({ provider, expected: 'false' }, unexpected),
      ]),
    ),
    ...keyFamilies(report.keys, wall),
    ...limitFamilies(report.scopes, models),
    ...replicaFamilies(report.replicas),
  ]
}

function processFamilies({ delay }: Counts, { workers, version, process }: Standing): Family[] {
  return [
    gauge('balanced_call_workers', 'Processes that serve.', [labelled({}, workers)]),
    histogram(
      'balanced_call_event_loop_delay_seconds',
      'How late timers were, looked at ten times a second in each process that serves.',
      DELAY_BOUNDS,
      [[{}, delay]],
    ),
    gauge('balanced_call_build_info', 'Always 1; the version is in the label.', [labelled({ version }, 1)]),
    counter('process_cpu_seconds_total', 'CPU time of the process that owns the scheduler.', [
      labelled({}, process.cpu),
    ]),
    gauge('process_resident_memory_bytes', 'Memory of the process that owns the scheduler.', [
      labelled({}, process.memory),
    ]),
    gauge('process_start_time_seconds', 'When it started, since the epoch.', [labelled({}, process.started)]),
  ]
}
