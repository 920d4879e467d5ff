/** `logs`: the requests that were asked, as they come; `logs ID`: one of them in full, try by try. */
import { setTimeout as pause } from 'node:timers/promises'
import { dollarsText } from '../../chat/price.ts'
import type { RecordFilter, RecordReader, StoredRecord } from '../../api/routes/records.ts'
import { loggedTrace, traceText } from '../../app/plan/logged-trace.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import type { RecordedBodies } from '../../gateway/logged-request.ts'
import { beside } from '../beside.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'
import { openRecords, readSince } from '../data-folder.ts'
import { followLog } from '../follow-log.ts'

const OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  client: { type: 'string' },
  model: { type: 'string' },
  provider: { type: 'string' },
  key: { type: 'string' },
  outcome: { type: 'string' },
  failed: { type: 'boolean' },
  since: { type: 'string' },
  limit: { type: 'string' },
  follow: { type: 'boolean' },
  json: { type: 'boolean' },
  trace: { type: 'boolean' },
} as const

/** Rows of a trace at most. */
const MOST_TRACED = 1_000_000
/** Rows that may have come while the log could not be read: as many as wait for it at most. */
const MOST_NEW = 20_000
/** Milliseconds between two looks for new rows. */
const AGAIN = 500

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  // `logs show ID` is what people try first
  const [id] = positionals[0] === 'show' ? positionals.slice(1) : positionals
  refuseMore(positionals, positionals[0] === 'show' ? 2 : 1)
  if (positionals[0] === 'show' && id === undefined)
    throw new UsageError('which request? `balanced-call logs` lists their ids; answers tell theirs in x-request-id')
  const records = await openRecords(values)
  if (id !== undefined) return showOne(records, id, values.json === true)
  const { client, model, provider, key, outcome, failed } = values
  const filter: RecordFilter = { client, model, provider, key, outcome, failed }
  if (values.since !== undefined) filter.since = readSince(values.since, Date.now())
  if (values.trace) {
    const rows = await records.list({ ...filter, limit: limitIn(values.limit, MOST_TRACED) })
    process.stdout.write(traceText(loggedTrace(rows)))
    return 0
  }
  const write = (rows: readonly StoredRecord[]): void => {
    if (values.json) for (const row of rows) console.log(JSON.stringify(row))
    else if (rows.length > 0) console.log(rows.map(lineOf).join('\n'))
  }
  const rows = await records.list({ ...filter, limit: limitIn(values.limit, 50) })
  write(rows)
  if (!values.follow) {
    if (rows.length === 0) console.error('no requests that fit are in the log')
    return 0
  }
  const list = (after: number): Promise<StoredRecord[]> => records.list({ ...filter, after, limit: MOST_NEW })
  const next = async (): Promise<boolean> => {
    await pause(AGAIN)
    return true
  }
  await followLog({ list, after: rows.at(-1)?.number ?? 0, write, say: (text) => console.error(text), next })
  return 0
}

function limitIn(text: string | undefined, usual: number): number {
  if (text === undefined) return usual
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0) return limit
  throw new UsageError(`"${text}" is not a number of rows`)
}

/** `12:00:01 req_… alice fast → acme/large ok 812 ms, 20 + 30 tokens, $0.0012`. */
export function lineOf(row: StoredRecord): string {
  const {
    at,
    id = '',
    client = '-',
    model,
    provider,
    upstream_model,
    outcome,
    attempts,
    total_ms,
    queue_ms,
    cost,
  } = row
  const target = provider === undefined ? model : `${model} → ${provider}/${upstream_model}`
  const parts = [
    `${new Date(at).toISOString().slice(0, 19)}Z ${id} ${client} ${target} ${outcome}`,
    `${total_ms} ms`,
    ...(queue_ms > 0 ? [`${queue_ms} ms of them in the queue`] : []),
    ...(row.output_tokens === undefined ? [] : [`${row.input_tokens ?? '?'} + ${row.output_tokens} tokens`]),
    ...(cost === undefined ? [] : [`$${dollarsText(cost)}`]),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(row.error === undefined ? [] : [row.error]),
  ]
  return parts.join(', ')
}

async function showOne(records: RecordReader, id: string, isJson: boolean): Promise<number> {
  const row = await records.find(id)
  if (!row) throw new UsageError(`there is no request ${id} in the log; answers tell theirs in x-request-id`)
  console.log(isJson ? JSON.stringify(row, null, 2) : describe(row, process.stdout.columns))
  return 0
}

/** Characters of a waterfall's bars. */
const WIDTH = 40

/** @param columns characters of a line, for the texts that stand beside each other */
export function describe(row: StoredRecord, columns = 0): string {
  const { trail, number: _, bodies, ...facts } = row
  const told = Object.entries(facts).map(([name, value]) => [
    name,
    name === 'at' ? new Date(row.at).toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])
  const scale = WIDTH / Math.max(1, row.total_ms)
  const bars = trail.map(({ provider, model, key, at_ms, waited_ms, ms, outcome, first_ms }) => {
    const bar = (from: number, length: number, mark: string): string =>
      mark.repeat(Math.max(length > 0 ? 1 : 0, Math.round((from + length) * scale) - Math.round(from * scale)))
    const wait = bar(at_ms - waited_ms, waited_ms, '·')
    const blank = ' '.repeat(Math.max(0, Math.round((at_ms - waited_ms) * scale)))
    const timing = `${waited_ms > 0 ? `waited ${waited_ms} ms, ` : ''}${ms ?? '?'} ms${first_ms === undefined ? '' : `, first content after ${first_ms} ms`}`
    return [
      `${provider}/${model}`,
      key,
      outcome ?? '?',
      `|${(blank + wait + bar(at_ms, ms ?? 0, '█')).padEnd(WIDTH)}|`,
      timing,
    ]
  })
  const parts = [told.map(([name = '', value]) => `${name.padEnd(20)}${value}`).join('\n')]
  if (bars.length > 0) parts.push(table(['try', 'key', 'outcome', `0 … ${row.total_ms} ms`, ''], bars))
  if (bodies) parts.push(bodiesText(bodies, columns))
  return parts.join('\n\n')
}

function bodiesText({ request, sent, answer }: RecordedBodies, columns: number): string {
  const column = (title: string, text: string | undefined) => ({ title, text: indented(text ?? '-') })
  const asked = column('what the client asked', request)
  const [left, right] = [column('what the upstream got', sent), column('what came back', answer)]
  return `${asked.title}\n${asked.text}\n\n${beside(left, right, columns)}`
}

/** One that was cut is no JSON. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text) as unknown, null, 2)
  } catch {
    return text
  }
}
