/** The database that a configuration names, ready for use. */
import type { Config } from '../config/config.ts'
import type { Database } from '../store/postgres/database.ts'
import { UsageError } from './command-line.ts'

/**
 * Undefined where none is named. Rejects with a UsageError where it cannot be used: without it nobody knows who may call.
 */
export async function openNamedDatabase({ database }: Pick<Config, 'database'>): Promise<Database | undefined> {
  if (!database) return undefined
  const { openDatabase } = await import('../store/postgres/database.ts')
  try {
    return await openDatabase(database)
  } catch (cause) {
    throw new UsageError(`the database ${cause instanceof Error ? cause.message : String(cause)}. See database.url.`)
  }
}
