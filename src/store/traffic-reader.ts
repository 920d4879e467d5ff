/** Traffic over time, out of the rows of the request log. */
import type { DatabaseSync } from 'node:sqlite'
import type { TrafficPoint } from '../api/console/page-answers.ts'
import type { TrafficGroup, TrafficQuestion } from '../api/console/traffic.ts'

/** Rows that are looked at: what is older than the newest of them is not shown. They take some tenths of a second. */
const MOST_ROWS = 50_000

/** Milliseconds in the queue below which a request was only on its way through it. */
const WAITED = 10

const COLUMN: Record<TrafficGroup, string> = {
  model: 'model',
  provider: 'provider',
  client: 'client',
  key: 'key',
  outcome: 'outcome',
}

export function readTraffic(database: DatabaseSync, { by, since, until, step }: TrafficQuestion): TrafficPoint[] {
  const rows = database
    .prepare(
      `WITH seen AS (
        SELECT at / CAST(:step AS INTEGER) * CAST(:step AS INTEGER) AS point, coalesce(${COLUMN[by]}, '') AS name, outcome, queue_ms, first_ms, attempts,
          input_tokens, output_tokens, cost,
          CASE WHEN attempts > 1 OR outcome != 'ok' THEN detail LIKE '%"outcome":"rate_limit"%' ELSE 0 END AS refused
        FROM request WHERE at >= :since AND at < :until ORDER BY at DESC LIMIT ${MOST_ROWS}
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY point, name ORDER BY first_ms) AS place,
          count(first_ms) OVER (PARTITION BY point, name) AS timed,
          sum(first_ms IS NULL) OVER (PARTITION BY point, name) AS untimed
        FROM seen
      )
      SELECT point AS at, name, count(*) AS requests, sum(outcome != 'ok') AS errors,
        sum(outcome = 'ok' AND queue_ms >= ${WAITED}) AS spared, sum(refused) AS refused,
        min(CASE WHEN place - untimed >= timed * 0.5 THEN first_ms END) AS first_p50,
        min(CASE WHEN place - untimed >= timed * 0.95 THEN first_ms END) AS first_p95,
        avg(queue_ms) AS queue_ms, coalesce(sum(input_tokens), 0) AS input_tokens,
        coalesce(sum(output_tokens), 0) AS output_tokens, coalesce(sum(cost), 0) AS cost
      FROM ranked GROUP BY point, name ORDER BY point, name`,
    )
    .all({ step: Math.round(step), since: Math.round(since), until: Math.round(until) })
  return rows.map((row) => ({ ...row }) as Partial<TrafficPoint> as TrafficPoint)
}
