/** A SQLite file for this user alone: it holds what people asked and were told, or who may ask. */
import { chmodSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** What SQLite puts beside the file gets the same mode. */
export function openPrivate(file: string): DatabaseSync {
  // loaded where there is something to keep
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(file)
  try {
    chmodSync(file, 0o600)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
