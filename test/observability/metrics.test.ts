/** The page of counters is the same text that prom-client writes of the same requests, whichever process counted them. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { addCounts, createMetrics, metricsText, type Counts } from '../../src/observability/metrics.ts'

const GOLDEN = readFileSync(new URL('./metrics.golden.txt', import.meta.url), 'utf8')
const NOW = { inFlight: 2, queued: 1, workers: 1 }

type Counted = Pick<RequestRecord, 'model' | 'provider' | 'outcome' | 'attempts' | 'total_ms' | 'queue_ms'> &
  Partial<RequestRecord>

const RECORDS: Counted[] = [
  {
    model: 'fast',
    provider: 'acme',
    outcome: 'ok',
    attempts: 1,
    total_ms: 812,
    queue_ms: 0,
    first_ms: 250,
    input_tokens: 20,
    output_tokens: 30,
    cached_tokens: 5,
  },
  {
    model: 'fast',
    provider: 'acme',
    outcome: 'ok',
    attempts: 3,
    total_ms: 400_000,
    queue_ms: 10,
    first_ms: 301_000,
    input_tokens: 7,
    output_tokens: 9,
  },
  { model: 'say "hi"\\', provider: 'odd\nname', outcome: 'rate_limit', attempts: 2, total_ms: 10, queue_ms: 2000 },
  { model: 'invented', provider: undefined, outcome: 'unknown_model', attempts: 0, total_ms: 1, queue_ms: 0 },
]

function counted(records: Counted[]): Counts {
  const metrics = createMetrics(new Set(['fast', 'say "hi"\\']))
  for (const record of records) metrics.record({ id: undefined, client: undefined, stream: false, ...record })
  return metrics.counts()
}

it('has the names, labels, buckets and escapes that it always had', () => {
  expect(metricsText(counted(RECORDS), NOW)).toBe(GOLDEN)
})

it('is the same where each request was counted by another process', () => {
  const sum: Counts = new Map()
  for (const record of RECORDS) addCounts(sum, structuredClone(counted([record])))
  expect(metricsText(sum, NOW)).toBe(GOLDEN)
})
