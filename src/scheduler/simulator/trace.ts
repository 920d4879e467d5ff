/** A trace of requests as CSV text: when, how large, and perhaps whose. */

export interface TraceRow {
  /** Seconds since the start of the trace. */
  t_s: number
  input_tokens: number
  output_tokens: number
  /** What the client allowed the answer, where the trace says. */
  max_tokens?: number
  client?: string
}

const NUMBERS = ['input_tokens', 'output_tokens', 'max_tokens'] as const
const REQUIRED: readonly string[] = ['t_s', 'input_tokens', 'output_tokens']
const COLUMNS: readonly string[] = [...REQUIRED, 'max_tokens', 'client']

/** What published traces call the columns. */
const ALIASES: Readonly<Record<string, string>> = {
  timestamp: 't_s',
  time: 't_s',
  contexttokens: 'input_tokens',
  prompt_tokens: 'input_tokens',
  'request tokens': 'input_tokens',
  generatedtokens: 'output_tokens',
  completion_tokens: 'output_tokens',
  'response tokens': 'output_tokens',
  user: 'client',
  'session id': 'client',
}

/** Beyond so many seconds a number is no time since the beginning, but one since 1970, in seconds or in milliseconds. */
const EPOCH = 1e8
const EPOCH_IN_MS = 1e11

export interface Trace {
  /** In order of time, from 0 on. */
  rows: TraceRow[]
  /** When it began (milliseconds since 1970), where its times are instants. */
  start?: number
}

/** The rows of a trace; see `readTimedTrace`. */
export function readTrace(text: string): TraceRow[] {
  return readTimedTrace(text).rows
}

/**
 * Reads `t_s,input_tokens,output_tokens` and, where present, `max_tokens` and `client`, in the order of the header line,
 * by these names or those of published traces; without a header the first three in this order. Times are seconds since the
 * beginning or instants (ISO 8601, seconds or milliseconds since 1970). Throws an Error that names the line.
 */
export function readTimedTrace(text: string): Trace {
  const lines = text.split(/\r?\n/)
  const first = lines.findIndex((line) => line.trim() !== '')
  if (first < 0) throw new Error('The trace is empty; it needs lines of t_s,input_tokens,output_tokens.')
  const header = cells(lines[first] ?? '').map((name) => ALIASES[name.toLowerCase()] ?? name.toLowerCase())
  const named = header.some((name) => COLUMNS.includes(name))
  const columns = named ? header : REQUIRED
  const missing = REQUIRED.filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw new Error(
      `line ${first + 1}: the trace has no column ${missing.join(', ')}; its header is ${shown(header.join(','))}.`,
    )
  }
  const rows: TraceRow[] = []
  for (let index = named ? first + 1 : first; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line.trim() !== '') rows.push(rowOf(columns, cells(line), index + 1))
  }
  if (rows.length === 0) throw new Error('The trace has a header and no requests.')
  rows.sort((a, b) => a.t_s - b.t_s)
  const began = rows[0]?.t_s ?? 0
  if (began < EPOCH) return { rows }
  return { rows: rows.map((row) => ({ ...row, t_s: (row.t_s * 1000 - began * 1000) / 1000 })), start: began * 1000 }
}

function rowOf(columns: readonly string[], values: readonly string[], line: number): TraceRow {
  const row: TraceRow = { t_s: timeOf(values[columns.indexOf('t_s')] ?? '', line), input_tokens: 0, output_tokens: 0 }
  for (const name of NUMBERS) {
    const text = values[columns.indexOf(name)] ?? ''
    if (text === '' && name === 'max_tokens') continue
    const value = Number(text)
    if (text === '' || !Number.isFinite(value) || value < 0) {
      throw new Error(`line ${line}: ${name} must be a number of 0 or more, and is ${shown(text)}.`)
    }
    row[name] = value
  }
  const client = values[columns.indexOf('client')] ?? ''
  if (client !== '') row.client = client
  return row
}

/** `2023-11-16 18:15:46.6805900`, `2024-05-10T00:00:00.01+02:00`; without a zone it is UTC. */
const INSTANT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i

/** Seconds: since the beginning, or since 1970. */
function timeOf(text: string, line: number): number {
  const value = Number(text)
  if (text !== '' && Number.isFinite(value) && value >= 0) return value >= EPOCH_IN_MS ? value / 1000 : value
  const [, day, time, fraction = '', zone = 'Z'] = INSTANT.exec(text) ?? []
  const instant = Date.parse(`${day}T${time}${zone}`)
  if (Number.isFinite(instant) && instant >= EPOCH * 1000) return instant / 1000 + Number(`0${fraction || '.0'}`)
  throw new Error(
    `line ${line}: t_s must be a number of 0 or more, or a time such as 2026-11-24T08:00:00Z, and is ${shown(text)}.`,
  )
}

/** As much as a message has room for. */
function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

function cells(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
}
