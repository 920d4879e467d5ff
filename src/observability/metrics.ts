/** What was counted of requests; no name that is kept is ever a client's free text or a secret. */
import type { RequestRecord } from '../gateway/request-record.ts'
import { DELAY_BOUNDS } from './event-loop-delay.ts'
import { addHistogram, emptyHistogram, observe } from './histogram.ts'

/** Plain maps and lists, so that counts of several processes can be sent and added. */
export interface Counts {
  /** By provider of the last try. */
  providers: Map<string, ProviderCounts>
  /** How late the event loop was, in seconds: see DELAY_BOUNDS. */
  delay: number[]
}

export interface ProviderCounts {
  /** By public model. */
  models: Map<string, ModelCounts>
  retries: number
  /** Histograms of seconds, by SECONDS. */
  total: number[]
  first: number[]
  queue: number[]
  /** Histogram of tokens a second, by SPEEDS. */
  speed: number[]
  /** US dollars by client (none: an empty name), then by upstream model. */
  cost: Map<string, Map<string, number>>
}

export interface ModelCounts {
  /** Ended requests by outcome. */
  outcomes: Map<string, number>
  input: number
  output: number
  cached: number
}

export interface Metrics {
  record(record: RequestRecord): void
  counts(): Counts
}

/** Seconds: from a cache's answer to a reasoning model's. */
export const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
/** Tokens a second: from a large model on a busy machine to the fastest hardware. */
export const SPEEDS = [1, 2.5, 5, 10, 25, 50, 75, 100, 150, 250, 500, 1000, 2500]
/** A stream of fewer tokens, or shorter in milliseconds, tells nothing of its speed. */
const LEAST_TOKENS = 10
const LEAST_TIME = 20

export function emptyCounts(): Counts {
  return { providers: new Map(), delay: emptyHistogram(DELAY_BOUNDS) }
}

/** @param models the public models: names that no one configured count as `other`, so that clients cannot fill the memory */
export function createMetrics(models: ReadonlySet<string>): Metrics {
  const counts = emptyCounts()
  const upstreamOf = ({ model, provider, upstream_model = '' }: RequestRecord): string =>
    models.has(model) || models.has(`${provider}/${upstream_model}`) ? upstream_model : 'other'
  return {
    record(record) {
      const found = providerOf(counts, record.provider ?? 'none')
      const model = modelOf(found, models.has(record.model) ? record.model : 'other')
      model.outcomes.set(record.outcome, (model.outcomes.get(record.outcome) ?? 0) + 1)
      if (record.attempts > 1) found.retries += record.attempts - 1
      if (record.input_tokens !== undefined) model.input += record.input_tokens
      if (record.output_tokens !== undefined) model.output += record.output_tokens
      if (record.cached_tokens !== undefined) model.cached += record.cached_tokens
      if (record.cost !== undefined) addCost(found.cost, record.client ?? '', upstreamOf(record), record.cost)
      observe(found.total, SECONDS, record.total_ms / 1000)
      observe(found.queue, SECONDS, record.queue_ms / 1000)
      if (record.first_ms === undefined) return
      observe(found.first, SECONDS, record.first_ms / 1000)
      const { output_tokens: tokens = 0 } = record
      const time = record.total_ms - record.first_ms
      // what comes whole has no speed of its own
      if (record.stream && tokens >= LEAST_TOKENS && time >= LEAST_TIME)
        observe(found.speed, SPEEDS, (tokens * 1000) / time)
    },
    counts: () => counts,
  }
}

function providerOf({ providers }: Counts, name: string): ProviderCounts {
  let found = providers.get(name)
  if (!found) {
    found = {
      models: new Map(),
      retries: 0,
      total: emptyHistogram(SECONDS),
      first: emptyHistogram(SECONDS),
      queue: emptyHistogram(SECONDS),
      speed: emptyHistogram(SPEEDS),
      cost: new Map(),
    }
    providers.set(name, found)
  }
  return found
}

function modelOf({ models }: ProviderCounts, name: string): ModelCounts {
  let found = models.get(name)
  if (!found) models.set(name, (found = { outcomes: new Map(), input: 0, output: 0, cached: 0 }))
  return found
}

function addCost(to: ProviderCounts['cost'], client: string, model: string, by: number): void {
  let costs = to.get(client)
  if (!costs) to.set(client, (costs = new Map()))
  costs.set(model, (costs.get(model) ?? 0) + by)
}

/** Adds the second to the first. */
export function addCounts(to: Counts, more: Counts): void {
  for (const [name, from] of more.providers) {
    const provider = providerOf(to, name)
    provider.retries += from.retries
    for (const part of ['total', 'first', 'queue', 'speed'] as const) addHistogram(provider[part], from[part])
    for (const [client, costs] of from.cost) for (const [model, by] of costs) addCost(provider.cost, client, model, by)
    for (const [model, counted] of from.models) {
      const into = modelOf(provider, model)
      for (const [outcome, by] of counted.outcomes) into.outcomes.set(outcome, (into.outcomes.get(outcome) ?? 0) + by)
      for (const part of ['input', 'output', 'cached'] as const) into[part] += counted[part]
    }
  }
  addHistogram(to.delay, more.delay)
}
