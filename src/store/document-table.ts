/** Small things that are changed by hand and must not be lost, in a SQLite file of the data folder: one JSON a row. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

export interface Documents {
  all(): unknown[]
  /** Is on the disk when it comes back. Throws where the disk takes nothing. */
  put(id: string, document: unknown): void
  delete(id: string): void
}

export interface DocumentFile {
  table(name: 'client_key' | 'provider_key'): Documents
  close(): void
}

export const MANAGED_FILE = 'managed.sqlite'

/** Makes the folder and the file, for this user alone, where they are not there. Throws for a file that is damaged. */
export function openDocuments(folder: string): DocumentFile {
  mkdirSync(folder, { recursive: true })
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const file = join(folder, MANAGED_FILE)
  const database = new DatabaseSync(file)
  try {
    chmodSync(file, 0o600)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;')
  } catch (error) {
    database.close()
    throw error
  }
  return { table: (name) => tableOf(database, name), close: () => database.close() }
}

/** Was a client key ever made in this folder? A file that cannot be read is taken to hold some: whoever opens it tells. */
export function hasClientKeys(folder: string): boolean {
  if (!existsSync(join(folder, MANAGED_FILE))) return false
  let opened: DocumentFile | undefined
  try {
    opened = openDocuments(folder)
    return opened.table('client_key').all().length > 0
  } catch {
    return true
  } finally {
    opened?.close()
  }
}

function tableOf(database: DatabaseSync, name: string): Documents {
  database.exec(`CREATE TABLE IF NOT EXISTS ${name} (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID`)
  const all = database.prepare(`SELECT document FROM ${name}`)
  const put = database.prepare(`INSERT OR REPLACE INTO ${name} VALUES (?, ?)`)
  const remove = database.prepare(`DELETE FROM ${name} WHERE id = ?`)
  return {
    all: () => all.all().map(({ document }) => JSON.parse(String(document)) as unknown),
    put: (id, document) => void put.run(id, JSON.stringify(document)),
    delete: (id) => void remove.run(id),
  }
}
