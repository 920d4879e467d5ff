/** Counters for Prometheus, fed by the record of each request; no label is ever a client's free text or a secret. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestRecord } from '../gateway/record.ts'

export interface Metrics {
  record(record: RequestRecord): void
  /** In Prometheus' text form. */
  text(): Promise<string>
  contentType: string
}

/** Seconds: from a cache's answer to a reasoning model's. */
const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/**
 * @param models the public models: names that no one configured count as `other`, so that clients cannot fill the memory
 * @param load what runs and waits at this moment
 */
export function createMetrics(models: ReadonlySet<string>, load: () => { inFlight: number; queued: number }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'balanced_call_requests_total',
    help: 'Requests that ended, by the public model, the provider of the last try and how they ended.',
    labelNames: ['model', 'provider', 'outcome'],
    registers,
  })
  const retries = new Counter({
    name: 'balanced_call_retries_total',
    help: 'Tries beside the first.',
    labelNames: ['provider'],
    registers,
  })
  const tokens = new Counter({
    name: 'balanced_call_tokens_total',
    help: 'Tokens as providers told them.',
    labelNames: ['provider', 'kind'],
    registers,
  })
  const seconds = (name: string, help: string): Histogram<'provider'> =>
    new Histogram({ name, help, labelNames: ['provider'], buckets: BUCKETS, registers })
  const total = seconds('balanced_call_request_seconds', 'From the arrival of a request to the end of its answer.')
  const first = seconds('balanced_call_first_content_seconds', 'From the arrival of a request to its first content.')
  const queue = seconds('balanced_call_queue_seconds', 'In the queue, until a key could take the request.')
  const inFlight = new Gauge({ name: 'balanced_call_in_flight', help: 'Requests at upstreams now.', registers })
  const queued = new Gauge({ name: 'balanced_call_queued', help: 'Requests that wait for a key now.', registers })

  return {
    record(record) {
      const provider = record.provider ?? 'none'
      requests.inc({ model: models.has(record.model) ? record.model : 'other', provider, outcome: record.outcome })
      if (record.attempts > 1) retries.inc({ provider }, record.attempts - 1)
      if (record.input_tokens !== undefined) tokens.inc({ provider, kind: 'input' }, record.input_tokens)
      if (record.output_tokens !== undefined) tokens.inc({ provider, kind: 'output' }, record.output_tokens)
      if (record.cached_tokens !== undefined) tokens.inc({ provider, kind: 'cached' }, record.cached_tokens)
      total.observe({ provider }, record.total_ms / 1000)
      queue.observe({ provider }, record.queue_ms / 1000)
      if (record.first_ms !== undefined) first.observe({ provider }, record.first_ms / 1000)
    },
    text() {
      const now = load()
      inFlight.set(now.inFlight)
      queued.set(now.queued)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
