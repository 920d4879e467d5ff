/** What clients have used, added up by all replicas in one table. */
import type { Used } from '../../scheduler/persistence/client-usage.ts'
import type { UsageTable } from '../share-usage.ts'
import type { Query, Transact } from './connections.ts'
import { jsonOf } from './json-text.ts'

/** The advisory lock of those who add, within the database. */
const LOCK = 7_204_118_368
/** Exchanges between two that take away what is over. */
const SWEPT = 60

export function createUsageTable(schema: string, query: Query, transact: Transact, wall: () => number): UsageTable {
  const table = `"${schema}".used`
  let seen = 0n
  let exchanges = 0

  async function add(ask: Query, id: string, rows: readonly Used[]): Promise<void> {
    await ask('SELECT pg_advisory_xact_lock($1)', [LOCK])
    const once = `INSERT INTO "${schema}".request_batch (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`
    if ((await ask(once, [id])).length === 0) return
    await ask(
      `INSERT INTO ${table} AS had
       SELECT scope, bound, slot, units, expires, nextval('"${schema}".used_version')
       FROM json_to_recordset($1::json) AS row (scope text, bound text, slot double precision, units double precision,
         expires double precision)
       ON CONFLICT (scope, bound, slot) DO UPDATE SET units = had.units + excluded.units, version = excluded.version`,
      [jsonOf(rows)],
    )
  }

  async function newer(ask: Query): Promise<{ rows: Used[]; isAll: boolean; last: bigint }> {
    const [newest] = await ask(`SELECT coalesce(max(version), 0)::text AS version FROM ${table}`, [])
    const last = BigInt(String(newest?.['version'] ?? 0))
    if (last === seen) return { rows: [], isAll: false, last }
    // an older one: a copy was put back
    const isAll = seen === 0n || last < seen
    const rows = await ask(
      `SELECT scope, bound, slot, units, expires FROM ${table} WHERE version > $1 AND version <= $2 AND expires > $3`,
      [String(isAll ? 0n : seen), String(last), wall()],
    )
    return { rows: rows as Partial<Used>[] as Used[], isAll, last }
  }

  return {
    async exchange(batch) {
      if (batch) await transact((ask) => add(ask, batch.id, batch.rows))
      const { rows, isAll, last } = await newer(query)
      seen = last
      if (++exchanges % SWEPT === 0) await query(`DELETE FROM ${table} WHERE expires <= $1`, [wall() - 3_600_000])
      return { rows, isAll }
    },
  }
}
