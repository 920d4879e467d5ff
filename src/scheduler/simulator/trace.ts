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

const NUMBERS = ['t_s', 'input_tokens', 'output_tokens', 'max_tokens'] as const
const REQUIRED: readonly string[] = ['t_s', 'input_tokens', 'output_tokens']
const COLUMNS: readonly string[] = [...NUMBERS, 'client']

/**
 * Reads `t_s,input_tokens,output_tokens` and, where present, `max_tokens` and `client`, in the order of the header line;
 * without a header the first three in this order. Rows come back in order of time. Throws an Error that names the line.
 */
export function readTrace(text: string): TraceRow[] {
  const lines = text.split(/\r?\n/)
  const first = lines.findIndex((line) => line.trim() !== '')
  if (first < 0) throw new Error('The trace is empty; it needs lines of t_s,input_tokens,output_tokens.')
  const header = cells(lines[first] ?? '').map((name) => name.toLowerCase())
  const named = header.some((name) => COLUMNS.includes(name))
  const columns = named ? header : REQUIRED
  const missing = REQUIRED.filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw new Error(
      `line ${first + 1}: the trace has no column ${missing.join(', ')}; its header is ${header.join(',')}.`,
    )
  }
  const rows: TraceRow[] = []
  for (let index = named ? first + 1 : first; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line.trim() !== '') rows.push(rowOf(columns, cells(line), index + 1))
  }
  if (rows.length === 0) throw new Error('The trace has a header and no requests.')
  return rows.sort((a, b) => a.t_s - b.t_s)
}

function rowOf(columns: readonly string[], values: readonly string[], line: number): TraceRow {
  const row: TraceRow = { t_s: 0, input_tokens: 0, output_tokens: 0 }
  for (const name of NUMBERS) {
    const text = values[columns.indexOf(name)] ?? ''
    if (text === '' && name === 'max_tokens') continue
    const value = Number(text)
    if (text === '' || !Number.isFinite(value) || value < 0) {
      throw new Error(`line ${line}: ${name} must be a number of 0 or more, and is ${JSON.stringify(text)}.`)
    }
    row[name] = value
  }
  const client = values[columns.indexOf('client')] ?? ''
  if (client !== '') row.client = client
  return row
}

function cells(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
}
