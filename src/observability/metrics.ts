/** What was counted of requests, and how Prometheus reads it; no label is ever a client's free text or a secret. */
import type { RequestRecord } from '../gateway/request-record.ts'

/** By provider of the last try. Plain maps and lists, so that counts of several processes can be sent and added. */
export type Counts = Map<string, ProviderCounts>

export interface ProviderCounts {
  /** Ended requests by public model, then by outcome. */
  requests: Map<string, Map<string, number>>
  retries: number
  input: number
  output: number
  cached: number
  /** Histograms of seconds: a count for each of BUCKETS, one for all above them, and the sum. */
  total: number[]
  first: number[]
  queue: number[]
  /** US dollars by client (none: an empty name), then by upstream model. */
  cost: Map<string, Map<string, number>>
}

/** What runs and waits at this moment, and in how many processes. */
export interface Now {
  inFlight: number
  queued: number
  workers: number
}

export interface Metrics {
  record(record: RequestRecord): void
  counts(): Counts
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Seconds: from a cache's answer to a reasoning model's. */
const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const SUM = BUCKETS.length + 1

/** @param models the public models: names that no one configured count as `other`, so that clients cannot fill the memory */
export function createMetrics(models: ReadonlySet<string>): Metrics {
  const counts: Counts = new Map()
  const upstreamOf = ({ model, provider, upstream_model = '' }: RequestRecord): string =>
    models.has(model) || models.has(`${provider}/${upstream_model}`) ? upstream_model : 'other'
  return {
    record(record) {
      const found = countsOf(counts, record.provider ?? 'none')
      count(found.requests, models.has(record.model) ? record.model : 'other', record.outcome, 1)
      if (record.attempts > 1) found.retries += record.attempts - 1
      if (record.input_tokens !== undefined) found.input += record.input_tokens
      if (record.output_tokens !== undefined) found.output += record.output_tokens
      if (record.cached_tokens !== undefined) found.cached += record.cached_tokens
      if (record.cost !== undefined) count(found.cost, record.client ?? '', upstreamOf(record), record.cost)
      observe(found.total, record.total_ms / 1000)
      observe(found.queue, record.queue_ms / 1000)
      if (record.first_ms !== undefined) observe(found.first, record.first_ms / 1000)
    },
    counts: () => counts,
  }
}

function countsOf(counts: Counts, provider: string): ProviderCounts {
  let found = counts.get(provider)
  if (!found) {
    const empty = (): number[] => Array.from({ length: SUM + 1 }, () => 0)
    found = {
      requests: new Map(),
      retries: 0,
      input: 0,
      output: 0,
      cached: 0,
      total: empty(),
      first: empty(),
      queue: empty(),
      cost: new Map(),
    }
    counts.set(provider, found)
  }
  return found
}

function count(requests: ProviderCounts['requests'], model: string, outcome: string, by: number): void {
  let outcomes = requests.get(model)
  if (!outcomes) requests.set(model, (outcomes = new Map()))
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + by)
}

function observe(histogram: number[], seconds: number): void {
  let bucket = 0
  while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) bucket++
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
  histogram[SUM] = (histogram[SUM] ?? 0) + seconds
}

/** Adds the second to the first. */
export function addCounts(to: Counts, more: Counts): void {
  for (const [provider, from] of more) {
    const into = countsOf(to, provider)
    for (const [model, outcomes] of from.requests)
      for (const [outcome, by] of outcomes) count(into.requests, model, outcome, by)
    for (const [client, costs] of from.cost) for (const [model, by] of costs) count(into.cost, client, model, by)
    for (const part of ['retries', 'input', 'output', 'cached'] as const) into[part] += from[part]
    for (const part of ['total', 'first', 'queue'] as const)
      for (const [index, by] of from[part].entries()) into[part][index] = (into[part][index] ?? 0) + by
  }
}

/** In Prometheus' text form. */
export function metricsText(counts: Counts, now: Now): string {
  const each = [...counts]
  const tokens = ({ input, output, cached }: ProviderCounts) => Object.entries({ input, output, cached })
  return [
    family(
      'balanced_call_requests_total',
      'Requests that ended, by the public model, the provider of the last try and how they ended.',
      'counter',
      each.flatMap(([provider, { requests }]) =>
        [...requests].flatMap(([model, outcomes]) =>
          [...outcomes].map(([outcome, n]) => line('', { model, provider, outcome }, n)),
        ),
      ),
    ),
    family(
      'balanced_call_retries_total',
      'Tries beside the first.',
      'counter',
      each.flatMap(([provider, { retries }]) => (retries > 0 ? line('', { provider }, retries) : [])),
    ),
    family(
      'balanced_call_tokens_total',
      'Tokens as providers told them.',
      'counter',
      each.flatMap(([provider, found]) =>
        tokens(found).flatMap(([kind, n]) => (n > 0 ? line('', { provider, kind }, n) : [])),
      ),
    ),
    ...costFamily(each),
    seconds(
      'balanced_call_request_seconds',
      'From the arrival of a request to the end of its answer.',
      each.map(([provider, { total }]) => [provider, total]),
    ),
    seconds(
      'balanced_call_first_content_seconds',
      'From the arrival of a request to its first content.',
      each.map(([provider, { first }]) => [provider, first]),
    ),
    seconds(
      'balanced_call_queue_seconds',
      'In the queue, until a key could take the request.',
      each.map(([provider, { queue }]) => [provider, queue]),
    ),
    family('balanced_call_in_flight', 'Requests at upstreams now.', 'gauge', [line('', {}, now.inFlight)]),
    family('balanced_call_queued', 'Requests that wait for a key now.', 'gauge', [line('', {}, now.queued)]),
    family('balanced_call_workers', 'Processes that serve.', 'gauge', [line('', {}, now.workers)]),
  ].join('\n')
}

/** Absent while nothing has a price. */
function costFamily(each: [string, ProviderCounts][]): string[] {
  const lines = each.flatMap(([provider, { cost }]) =>
    [...cost].flatMap(([client, costs]) => [...costs].map(([model, n]) => line('', { client, provider, model }, n))),
  )
  if (lines.length === 0) return []
  return [family('balanced_call_cost_dollars_total', 'US dollars, by the price of each route.', 'counter', lines)]
}

function family(name: string, help: string, type: string, lines: string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map((each) => `${name}${each}\n`).join('')}`
}

function seconds(name: string, help: string, series: [string, number[]][]): string {
  const lines = series.flatMap(([provider, histogram]) => {
    let below = 0
    const buckets = [...BUCKETS, '+Inf'].map((le, index) => {
      below += histogram[index] ?? 0
      return line('_bucket', { le: String(le), provider }, below)
    })
    if (below === 0) return []
    return [...buckets, line('_sum', { provider }, histogram[SUM] ?? 0), line('_count', { provider }, below)]
  })
  return family(name, help, 'histogram', lines)
}

function line(suffix: string, labels: Record<string, string>, value: number): string {
  const written = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${suffix}${written.length > 0 ? `{${written.join(',')}}` : ''} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
