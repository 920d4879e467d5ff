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

/** @param redact takes secrets out of what others have written */
export function valuesOf(
  at: number,
  record: RequestRecord,
  redact: (text: string) => string,
): (string | number | null)[] {
  const { trail, warnings, resumed } = record
  const detail = JSON.stringify({ attempts: trail, warnings, resumed })
  const plain = { at, stream: Number(record.stream), detail }
  return COLUMNS.map((name) => {
    const value = Object.hasOwn(plain, name) ? plain[name as keyof typeof plain] : record[name as keyof RequestRecord]
    return typeof value === 'string' ? redact(value) : ((value ?? null) as number | null)
  })
}

export function recordOf({ detail, stream, ...row }: Record<string, unknown>): StoredRecord {
  const told = JSON.parse(typeof detail === 'string' ? detail : '{}') as Record<string, unknown>
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  const { attempts: trail = [], ...more } = told
  const whole: Record<string, unknown> = { ...known, stream: stream === 1, ...more, trail }
  return whole as Partial<StoredRecord> as StoredRecord
}
