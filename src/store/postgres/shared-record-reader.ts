/** Questions to the request log that replicas share: rows by filter, one request in full, what was spent, traffic over time. */
import type { TrafficPoint } from '../../api/console/page-answers.ts'
import type { RecordReader, Spent } from '../../api/routes/records.ts'
import type { RecordedBodies } from '../../gateway/logged-request.ts'
import { COLUMNS, FILTERS, GROUPS, MOST_ROWS, recordOf, WAITED } from '../request-row.ts'
import type { Query } from './connections.ts'

/** Each question rejects where the database does not answer. */
export function createSharedRecordReader(schema: string, query: Query): RecordReader {
  const columns = ['number', ...COLUMNS].map((name) => (name === 'number' || name === 'at' ? `${name}::float8` : name))
  const select = `SELECT ${columns.join(', ')} FROM "${schema}".request`

  return {
    async list({ since, after, before, limit = 50, failed, ...filter }) {
      const terms: string[] = []
      const values: unknown[] = []
      const add = (term: string, value: unknown): void => {
        values.push(value)
        terms.push(term.replaceAll('?', `$${values.length}`))
      }
      for (const name of FILTERS)
        if (filter[name] !== undefined)
          add(name === 'model' ? '(model = ? OR upstream_model = ?)' : `${name} = ?`, filter[name])
      if (since !== undefined) add('at >= ?::float8', since)
      if (after !== undefined) add('number > ?::float8', after)
      if (before !== undefined) add('number < ?::float8', before)
      if (failed === true) terms.push(`outcome <> 'ok'`)
      const where = terms.length > 0 ? `WHERE ${terms.join(' AND ')}` : ''
      values.push(limit)
      const rows = await query(`${select} ${where} ORDER BY request.number DESC LIMIT $${values.length}`, values)
      return rows.toReversed().map(recordOf)
    },
    async find(id) {
      const [row] = await query(`${select} WHERE id = $1 ORDER BY request.number DESC LIMIT 1`, [id])
      if (!row) return undefined
      const told = `SELECT request, sent, answer FROM "${schema}".request_body WHERE number = $1`
      const [bodies] = await query(told, [row['number']])
      if (!bodies) return recordOf(row)
      const known = Object.fromEntries(Object.entries(bodies).filter(([, text]) => text !== null))
      return { ...recordOf(row), bodies: known as Partial<RecordedBodies> as RecordedBodies }
    },
    async spend({ by, since = '', until = '9999', client }) {
      const groups = GROUPS.filter((name) => by.includes(name))
      const sums = ['requests', 'input_tokens', 'output_tokens', 'cost'].map((name) => `sum(${name}) AS ${name}`)
      const order = groups.includes('day') ? 'day COLLATE "C", cost DESC' : 'cost DESC'
      const rows = await query(
        `SELECT ${[...groups, ...sums].join(', ')} FROM "${schema}".spend
         WHERE day COLLATE "C" >= $1 AND day COLLATE "C" <= $2 AND ($3::text IS NULL OR client = $3)
         ${groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : ''} ORDER BY ${order}`,
        [since, until, client ?? null],
      )
      return rows.filter(({ requests }) => requests !== null) as Partial<Spent>[] as Spent[]
    },
    async traffic({ by, since, until, step }) {
      const rows = await query(
        `WITH seen AS (
          SELECT floor(at / $1::float8) * $1::float8 AS point, coalesce(${by}, '') COLLATE "C" AS name, outcome, queue_ms, first_ms,
            input_tokens, output_tokens, cost,
            (attempts > 1 OR outcome <> 'ok') AND detail LIKE '%"outcome":"rate_limit"%' AS refused
          FROM "${schema}".request WHERE at >= $2 AND at < $3 ORDER BY at DESC LIMIT ${MOST_ROWS}
        )
        SELECT point AS at, name, count(*)::float8 AS requests, (count(*) FILTER (WHERE outcome <> 'ok'))::float8 AS errors,
          (count(*) FILTER (WHERE outcome = 'ok' AND queue_ms >= ${WAITED}))::float8 AS spared,
          (count(*) FILTER (WHERE refused))::float8 AS refused,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY first_ms) AS first_p50,
          percentile_disc(0.95) WITHIN GROUP (ORDER BY first_ms) AS first_p95,
          avg(queue_ms) AS queue_ms, coalesce(sum(input_tokens), 0) AS input_tokens,
          coalesce(sum(output_tokens), 0) AS output_tokens, coalesce(sum(cost), 0) AS cost
        FROM seen GROUP BY point, name ORDER BY point, name`,
        [Math.round(step), Math.round(since), Math.round(until)],
      )
      return rows as Partial<TrafficPoint>[] as TrafficPoint[]
    },
  }
}
