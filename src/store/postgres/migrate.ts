/** The tables as this version wants them: replicas that start together wait for the one that makes them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientConfig } from 'pg'
import type { Query } from './connections.ts'

const FOLDER = join(import.meta.dirname, 'migrations')
/** Names the advisory lock, within the database. */
const LOCK = 7_204_118_365

/** The lock is one of a session, which a pooler of connections may not give: it is taken only where something is to be made. */
export async function migrate(connection: ClientConfig, schema: string, query: Query): Promise<void> {
  // to make a schema takes a right of the database that not every user has
  const [found] = await query(
    `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) AS made, to_regclass($2) IS NOT NULL AS begun`,
    [schema, `"${schema}".migration`],
  )
  if (found?.['begun'] === true && (await isDone(schema, query))) return
  const { runner } = await import('node-pg-migrate')
  await runner({
    databaseUrl: connection,
    dir: FOLDER,
    direction: 'up',
    schema,
    createSchema: found?.['made'] !== true,
    migrationsSchema: schema,
    migrationsTable: 'migration',
    advisoryLockMode: 'wait',
    lockValue: LOCK,
    singleTransaction: true,
    logger: QUIET,
  })
}

async function isDone(schema: string, query: Query): Promise<boolean> {
  const rows = await query(`SELECT name FROM "${schema}".migration`, [])
  const done = new Set(rows.map(({ name }) => String(name)))
  return readdirSync(FOLDER).every((file) => !file.endsWith('.sql') || done.has(file.slice(0, -4)))
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
