/** Documents in a SQLite file of the data folder, which one process changes: one JSON a row. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { DocumentKind, Documents, DocumentStore } from '../documents.ts'
import { openPrivate } from './private-file.ts'
import { makeFolder } from '../../runtime/make-folder.ts'

export const MANAGED_FILE = 'managed.sqlite'

/** Makes the folder and the file, for this user alone, where they are not there. Throws for a file that is damaged. */
export function openDocuments(folder: string): DocumentStore {
  makeFolder(folder)
  const database = openPrivate(join(folder, MANAGED_FILE))
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;')
  } catch (error) {
    database.close()
    throw error
  }
  return { table: (kind) => tableOf(database, kind), close: () => database.close() }
}

/** Was a client key ever made in this folder? A file that cannot be read is taken to hold some: whoever opens it tells. */
export function hasClientKeys(folder: string): boolean {
  if (!existsSync(join(folder, MANAGED_FILE))) return false
  let opened: DocumentStore | undefined
  try {
    opened = openDocuments(folder)
    return opened.table('client_key').all().size > 0
  } catch {
    return true
  } finally {
    opened?.close()
  }
}

function tableOf(database: DatabaseSync, kind: DocumentKind): Documents {
  database.exec(`CREATE TABLE IF NOT EXISTS ${kind} (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID`)
  const put = database.prepare(`INSERT OR REPLACE INTO ${kind} VALUES (?, ?)`)
  const remove = database.prepare(`DELETE FROM ${kind} WHERE id = ?`)
  const rows = database.prepare(`SELECT id, document FROM ${kind}`).all()
  const known = new Map(rows.map(({ id, document }) => [String(id), JSON.parse(String(document)) as unknown]))
  return {
    all: () => known,
    // nothing comes between what is decided and what is kept
    async change(decide) {
      const change = decide()
      if (!change) return
      const { id, document } = change
      if (document === undefined) {
        remove.run(id)
        known.delete(id)
      } else {
        put.run(id, JSON.stringify(document))
        known.set(id, document)
      }
    },
    onOthers: () => {},
  }
}
