/** A row of the request log, as every kind of database has it. */
import type { StoredRecord } from '../api/routes/records.ts'
import type { RequestRecord } from '../gateway/request-record.ts'

export const COLUMNS = [
  'id',
  'at',
  'client',
  'model',
  'stream',
  'outcome',
  'provider',
  'upstream_model',
  'key',
  'attempts',
  'queue_ms',
  'first_ms',
  'total_ms',
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'max_tokens',
  'cost',
  'error',
  'detail',
]

/** Columns that rows are found by, and groups of what was spent. */
export const FILTERS = ['client', 'model', 'provider', 'key', 'outcome'] as const
export const GROUPS = ['day', 'client', 'provider', 'key', 'model'] as const

/** Rows that traffic is made of: what is older than the newest of them is not shown. They take some tenths of a second. */
export const MOST_ROWS = 50_000
/** Milliseconds in the queue below which a request was only on its way through it. */
export const WAITED = 10

/**
 * In the order of the columns. Numbers and words of ours hold no secret.
 * @param redact takes secrets out of what others have written
 */
export function valuesOf(
  at: number,
  record: RequestRecord,
  redact: (text: string) => string,
): (string | number | null)[] {
  const { trail, warnings, resumed } = record
  const others = (text: string | undefined): string | null => (typeof text === 'string' ? redact(text) : null)
  return [
    record.id ?? null,
    at,
    others(record.client),
    others(record.model),
    Number(record.stream),
    record.outcome,
    others(record.provider),
    others(record.upstream_model),
    others(record.key),
    record.attempts,
    record.queue_ms,
    record.first_ms ?? null,
    record.total_ms,
    record.input_tokens ?? null,
    record.output_tokens ?? null,
    record.cached_tokens ?? null,
    record.cache_write_tokens ?? null,
    record.reasoning_tokens ?? null,
    record.max_tokens ?? null,
    record.cost ?? null,
    others(record.error),
    redact(JSON.stringify({ attempts: trail, warnings, resumed })),
  ]
}

export function recordOf({ detail, stream, ...row }: Record<string, unknown>): StoredRecord {
  const told = JSON.parse(typeof detail === 'string' ? detail : '{}') as Record<string, unknown>
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  const { attempts: trail = [], ...more } = told
  const whole: Record<string, unknown> = { ...known, stream: stream === 1, ...more, trail }
  return whole as Partial<StoredRecord> as StoredRecord
}

/** Bytes of a row without bodies, roughly. */
const ROW = 1000

/** Bytes of a row that waits, roughly. */
export function weightOf({ bodies }: RequestRecord): number {
  const { request = '', sent = '', answer = '' } = bodies ?? {}
  return ROW + request.length + sent.length + answer.length
}
