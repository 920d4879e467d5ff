/** Traffic over time, out of the rows of the request log. */
import type { DatabaseSync } from 'node:sqlite'
import type { TrafficPoint } from '../../api/console/page-answers.ts'
import type { TrafficGroup, TrafficQuestion } from '../../api/console/traffic.ts'
import { MOST_ROWS, WAITED } from '../request-row.ts'

const COLUMN: Record<TrafficGroup, string> = {
  model: 'model',
  provider: 'provider',
  client: 'client',
  key: 'key',
  outcome: 'outcome',
}

/** Times to the first token are told to a twentieth: exact ones take three times as long, as each row needs its place then. */
const FIRST = `CASE WHEN first_ms < 200 THEN first_ms WHEN first_ms < 2000 THEN first_ms / 10 * 10 + 5
  ELSE first_ms / 100 * 100 + 50 END`

type Sums = Omit<TrafficPoint, 'first_p50' | 'first_p95'>

/** Those of one point and name that began to be answered after about so long. */
interface Part extends Sums {
  first: number | null
}

export function readTraffic(database: DatabaseSync, { by, since, until, step }: TrafficQuestion): TrafficPoint[] {
  const rows = database
    .prepare(
      `WITH seen AS (
        SELECT at / CAST(:step AS INTEGER) * CAST(:step AS INTEGER) AS point, coalesce(${COLUMN[by]}, '') AS name, outcome, queue_ms, first_ms, attempts,
          input_tokens, output_tokens, cost,
          CASE WHEN attempts > 1 OR outcome != 'ok' THEN detail LIKE '%"outcome":"rate_limit"%' ELSE 0 END AS refused
        FROM request WHERE at >= :since AND at < :until ORDER BY at DESC LIMIT ${MOST_ROWS}
      )
      SELECT point AS at, name, ${FIRST} AS first, count(*) AS requests, sum(outcome != 'ok') AS errors,
        sum(outcome = 'ok' AND queue_ms >= ${WAITED}) AS spared, sum(refused) AS refused, sum(queue_ms) AS queue_ms,
        coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
        coalesce(sum(cost), 0) AS cost
      FROM seen GROUP BY point, name, first ORDER BY point, name, first`,
    )
    .all({ step: Math.round(step), since: Math.round(since), until: Math.round(until) })
  const parts = rows.map((row) => ({ ...row }) as Partial<Part> as Part)
  return [...Map.groupBy(parts, ({ at, name }) => `${at} ${name}`).values()].map(together)
}

function together(parts: Part[]): TrafficPoint {
  const sum = (of: Exclude<keyof Sums, 'at' | 'name'>): number => parts.reduce((all, part) => all + part[of], 0)
  const { at = 0, name = '' } = parts[0] ?? {}
  const requests = sum('requests')
  return {
    at,
    name,
    requests,
    errors: sum('errors'),
    spared: sum('spared'),
    refused: sum('refused'),
    first_p50: percentile(parts, 0.5),
    first_p95: percentile(parts, 0.95),
    queue_ms: sum('queue_ms') / requests,
    input_tokens: sum('input_tokens'),
    output_tokens: sum('output_tokens'),
    cost: sum('cost'),
  }
}

/** The least time within which the share of those began that began at all. @param parts in order of their time */
function percentile(parts: readonly Part[], share: number): number | null {
  const timed = parts.filter(({ first }) => first !== null)
  const all = timed.reduce((sum, { requests }) => sum + requests, 0)
  let seen = 0
  return timed.find(({ requests }) => (seen += requests) >= share * all)?.first ?? null
}
