/** One batch of the request log in one transaction: rows, bodies and what was spent, once however often it is tried. */
import type { RequestRecord } from '../../gateway/request-record.ts'
import { redactBody } from '../redact-body.ts'
import { COLUMNS, valuesOf } from '../request-row.ts'
import type { Query } from './connections.ts'
import { jsonOf } from './json-text.ts'

export interface Batch {
  /** A UUID. */
  id: string
  rows: readonly { at: number; record: RequestRecord }[]
}

/** The advisory lock of those who write the log, within the database. */
const LOCK = 7_204_118_367
/** Bytes of a row beside its texts, its places in indexes too. */
const ROW = 600
const TEXTS = ['id', 'client', 'model', 'outcome', 'provider', 'upstream_model', 'key', 'error', 'detail']
const TYPES = COLUMNS.map((name) => `${name} ${TEXTS.includes(name) ? 'text' : 'double precision'}`).join(', ')

/** @param redact takes secrets out of what others have written */
export async function writeRequests(
  ask: Query,
  schema: string,
  batch: Batch,
  redact: (text: string) => string,
): Promise<void> {
  const rows = batch.rows.map(({ at, record }) => {
    const values = Object.fromEntries(valuesOf(at, record, redact).map((value, index) => [COLUMNS[index] ?? '', value]))
    const bodies = record.bodies && {
      request: redactBody(record.bodies.request, redact),
      sent: record.bodies.sent === undefined ? null : redactBody(record.bodies.sent, redact),
      answer: record.bodies.answer === undefined ? null : redactBody(record.bodies.answer, redact),
    }
    return { values, bodies, spent: spentBy(at, record) }
  })
  await ask('SELECT pg_advisory_xact_lock($1)', [LOCK])
  const once = `INSERT INTO "${schema}".request_batch (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`
  if ((await ask(once, [batch.id])).length === 0) return
  const numbers = await ask(
    `SELECT nextval('"${schema}".request_number')::float8 AS number FROM generate_series(1, $1)`,
    [rows.length],
  )
  const [newest] = await ask(`SELECT total FROM "${schema}".request ORDER BY number DESC LIMIT 1`, [])
  let total = Number(newest?.['total'] ?? 0)
  const written = rows.map(({ values, bodies }, index) => {
    total += ROW + lengthOf(values) + (bodies ? lengthOf(bodies) : 0)
    return { number: numbers[index]?.['number'], total, ...values }
  })
  await ask(
    `INSERT INTO "${schema}".request (number, total, ${COLUMNS.join(', ')})
     SELECT number, total, ${COLUMNS.join(', ')}
     FROM json_to_recordset($1::json) AS row (number bigint, total double precision, ${TYPES})`,
    [jsonOf(written)],
  )
  const bodies = rows.flatMap((row, index) =>
    row.bodies ? [{ number: numbers[index]?.['number'], ...row.bodies }] : [],
  )
  if (bodies.length > 0)
    await ask(
      `INSERT INTO "${schema}".request_body SELECT * FROM json_to_recordset($1::json)
       AS row (number bigint, request text, sent text, answer text)`,
      [jsonOf(bodies)],
    )
  const spent = rows.flatMap((row) => row.spent ?? [])
  if (spent.length > 0)
    await ask(
      `INSERT INTO "${schema}".spend AS had
       SELECT day, client, provider, key, model, count(*), sum(input_tokens), sum(output_tokens), sum(cost)
       FROM json_to_recordset($1::json) AS row (day text, client text, provider text, key text, model text,
         input_tokens double precision, output_tokens double precision, cost double precision)
       GROUP BY day, client, provider, key, model
       ON CONFLICT (day, client, provider, key, model) DO UPDATE SET requests = had.requests + excluded.requests,
         input_tokens = had.input_tokens + excluded.input_tokens,
         output_tokens = had.output_tokens + excluded.output_tokens, cost = had.cost + excluded.cost`,
      [jsonOf(spent)],
    )
}

/** Rows that one statement takes away, so that it ends soon. */
const AT_ONCE = 10_000

/**
 * Takes away what is too old, or beyond the size.
 * @param before milliseconds since the epoch
 * @param size bytes
 */
export async function pruneRequests(ask: Query, schema: string, before: number, size: number): Promise<void> {
  const table = `"${schema}".request`
  const [newest] = await ask(`SELECT total FROM ${table} ORDER BY number DESC LIMIT 1`, [])
  const beyond = Number(newest?.['total'] ?? 0) - size
  for (const [where, value] of [
    ['at < $1', Math.round(before)],
    ['total <= $1', beyond],
  ] as const) {
    const some = `SELECT number FROM ${table} WHERE ${where} ORDER BY number LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`
    const remove = `DELETE FROM ${table} WHERE number IN (${some}) RETURNING 1`
    while ((await ask(remove, [value])).length === AT_ONCE);
  }
  await ask(`DELETE FROM "${schema}".request_batch WHERE written < now() - interval '1 hour'`, [])
}

function spentBy(at: number, record: RequestRecord): object | undefined {
  const { client = '', provider, key = '', upstream_model: model = '' } = record
  const { input_tokens = 0, output_tokens = 0, cost = 0 } = record
  if (provider === undefined) return undefined
  const day = new Date(at).toISOString().slice(0, 10)
  return { day, client, provider, key, model, input_tokens, output_tokens, cost }
}

function lengthOf(values: object): number {
  return Object.values(values).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0)
}
