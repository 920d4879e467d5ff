/** Questions to the request log: rows by filter, one request in full, and what was spent. Opens the file for each, to read. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { RecordFilter, RecordReader, Spent, SpendQuestion, StoredRecord } from '../../api/routes/records.ts'
import type { RecordedBodies } from '../../gateway/logged-request.ts'
import { FILTERS, GROUPS, recordOf } from '../request-row.ts'
import { FILE } from './request-log.ts'
import { readTraffic } from './traffic-reader.ts'

/** Each question rejects where the file cannot be read. */
export function createRecordReader(folder: string): RecordReader {
  async function ask<T>(question: (database: DatabaseSync) => T, nothing: T): Promise<T> {
    const file = join(folder, FILE)
    if (!existsSync(file)) return nothing
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      return question(database)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${why} (a damaged file is set aside with the next request)`, { cause })
    } finally {
      database.close()
    }
  }

  return {
    list: (filter) => ask((database) => list(database, filter), []),
    find: (id) =>
      ask((database) => {
        const row = database.prepare('SELECT * FROM request WHERE id = ? ORDER BY number DESC LIMIT 1').get(id)
        return row && { ...recordOf(row), ...bodiesOf(database, row['number']) }
      }, undefined),
    traffic: (question) => ask((database) => readTraffic(database, question), []),
    spend: (question) => ask((database) => spend(database, question), []),
  }
}

/** A file of before has no table of them. */
function bodiesOf(database: DatabaseSync, number: unknown): { bodies?: RecordedBodies } {
  const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'body'").get()
  const row = isThere && database.prepare('SELECT request, sent, answer FROM body WHERE number = ?').get(Number(number))
  if (!row) return {}
  const told = Object.entries(row).filter(([, text]) => text !== null)
  return { bodies: Object.fromEntries(told) as Partial<RecordedBodies> as RecordedBodies }
}

function list(database: DatabaseSync, filter: RecordFilter): StoredRecord[] {
  const { since, after, before, limit = 50, failed } = filter
  const terms: string[] = []
  const values: SQLInputValue[] = []
  for (const name of FILTERS) {
    const value = filter[name]
    if (value === undefined) continue
    terms.push(name === 'model' ? '(model = ? OR upstream_model = ?)' : `${name} = ?`)
    values.push(...(name === 'model' ? [value, value] : [value]))
  }
  if (since !== undefined) {
    terms.push('at >= ?')
    values.push(since)
  }
  if (after !== undefined) {
    terms.push('number > ?')
    values.push(after)
  }
  if (before !== undefined) {
    terms.push('number < ?')
    values.push(before)
  }
  if (failed === true) terms.push(`outcome != 'ok'`)
  const where = terms.length > 0 ? `WHERE ${terms.join(' AND ')}` : ''
  const rows = database.prepare(`SELECT * FROM request ${where} ORDER BY number DESC LIMIT ?`).all(...values, limit)
  return rows.toReversed().map(recordOf)
}

function spend(database: DatabaseSync, { by, since, until, client }: SpendQuestion): Spent[] {
  const groups = GROUPS.filter((name) => by.includes(name))
  const columns = [
    ...groups,
    'sum(requests) AS requests',
    'sum(input_tokens) AS input_tokens',
    'sum(output_tokens) AS output_tokens',
    'sum(cost) AS cost',
  ]
  const order = groups.includes('day') ? 'day, cost DESC' : 'cost DESC'
  const rows = database
    .prepare(
      `SELECT ${columns.join(', ')} FROM spend WHERE day >= ? AND day <= ? AND (? IS NULL OR client = ?)
       ${groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : ''} ORDER BY ${order}`,
    )
    .all(since ?? '', until ?? '9999', client ?? null, client ?? null)
  return rows.filter(({ requests }) => requests !== null).map((row) => ({ ...row }) as Partial<Spent> as Spent)
}
