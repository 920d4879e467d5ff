/** The log of requests as a trace that `plan` reads. */
import type { StoredRecord } from '../../api/routes/records.ts'
import type { TraceRow } from '../../scheduler/simulator/trace.ts'

export interface LoggedTrace {
  /** In order of time, from 0 on. */
  rows: TraceRow[]
  /** When the first of them came: milliseconds since the epoch. */
  start: number
  /** Those of them that got no answer for want of a key, or of patience: as large as the middle one that got one. */
  supposed: number
}

/** What was asked in earnest and not served: with more keys it would have been. */
const UNSERVED: ReadonlySet<string> = new Set([
  'queue_full',
  'rate_limit',
  'quota',
  'overloaded',
  'timeout',
  'server_error',
  'connection',
  'cancelled',
] satisfies StoredRecord['outcome'][])

export function loggedTrace(records: readonly StoredRecord[]): LoggedTrace {
  const sorted = records.toSorted((a, b) => a.at - b.at)
  const known = sorted.filter(isKnown)
  const input = middle(known.map(({ input_tokens }) => input_tokens))
  const output = middle(known.map(({ output_tokens }) => output_tokens))
  const start = sorted.find((row) => isKnown(row) || isUnserved(row))?.at ?? 0
  const rows: TraceRow[] = []
  let supposed = 0
  for (const row of sorted) {
    const { at, client, max_tokens } = row
    const more = { ...(max_tokens !== undefined && { max_tokens }), ...(client !== undefined && { client }) }
    const t_s = (at - start) / 1000
    if (isKnown(row)) {
      rows.push({ t_s, input_tokens: row.input_tokens, output_tokens: row.output_tokens, ...more })
    } else if (isUnserved(row) && input !== undefined && output !== undefined) {
      supposed++
      rows.push({ t_s, input_tokens: row.input_tokens ?? input, output_tokens: output, ...more })
    }
  }
  return { rows, start, supposed }
}

/** As CSV text. */
export function traceText({ rows }: Pick<LoggedTrace, 'rows'>): string {
  const lines = rows.map(({ t_s, input_tokens, output_tokens, max_tokens = '', client = '' }) =>
    [t_s.toFixed(3), input_tokens, output_tokens, max_tokens, client].join(','),
  )
  return `${['t_s,input_tokens,output_tokens,max_tokens,client', ...lines].join('\n')}\n`
}

type Known = StoredRecord & { input_tokens: number; output_tokens: number }

function isKnown(row: StoredRecord): row is Known {
  return row.input_tokens !== undefined && row.output_tokens !== undefined
}

function isUnserved({ outcome }: StoredRecord): boolean {
  return UNSERVED.has(outcome)
}

function middle(values: number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
