/** What `check` and `doctor` say of the shared database: whether the server answers, in what version, and how fast. Changes nothing there. */
import { connectPool, type DatabaseAddress, type Query } from './connections.ts'
import { placeOf } from './database.ts'
import { plainFault } from './plain-fault.ts'

export interface DatabaseFacts {
  isThere: boolean
  text: string
}

/** As `server_version_num` has it. */
const OLDEST = 140_000

export async function describeDatabase(address: DatabaseAddress): Promise<DatabaseFacts> {
  const where = placeOf(address)
  const pool = await connectPool(address)
  let facts: DatabaseFacts | undefined
  try {
    await pool.transact(async (query) => void (facts = await describe(query, where, address.schema)))
  } catch (cause) {
    facts ??= { isThere: false, text: `database: ${where} cannot be used: ${plainFault(cause)}. See database.url.` }
  } finally {
    await pool.close()
  }
  return facts as DatabaseFacts
}

async function describe(query: Query, where: string, schema: string): Promise<DatabaseFacts> {
  const ask = async (text: string): Promise<string | undefined> => {
    const [row] = await query(text, [])
    return row && String(Object.values(row)[0])
  }
  const number = Number(await ask('SHOW server_version_num'))
  const version = (await ask('SHOW server_version')) ?? ''
  if (number < OLDEST)
    return { isThere: false, text: `database: PostgreSQL ${version} at ${where} is too old: 14 or newer is needed.` }
  const sent = performance.now()
  const isMade = await ask(`SELECT to_regclass('"${schema}".document') IS NOT NULL`)
  const took = (performance.now() - sent).toFixed(1)
  const mayMake = await ask(`SELECT has_database_privilege(current_database(), 'CREATE')`)
  const hasSchema = await ask(`SELECT count(*) FROM pg_namespace WHERE nspname = '${schema}'`)
  if (isMade !== 'true' && hasSchema === '0' && mayMake !== 'true') {
    const text = `database: ${where} has no schema ${schema}, and this user may make none: CREATE SCHEMA ${schema} AUTHORIZATION its user.`
    return { isThere: false, text }
  }
  const tables = isMade === 'true' ? `schema ${schema}` : `schema ${schema} is made at the first start`
  return { isThere: true, text: `database: PostgreSQL ${version} at ${where} answers in ${took} ms; ${tables}` }
}
