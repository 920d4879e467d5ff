/** Keeps what the scheduler has learnt and counted in a SQLite file, so that a restart does not forget it. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Entry, Snapshot } from '../scheduler/persistence/snapshot.ts'

export interface Store {
  /** What was written last; null when there is nothing. */
  load(): Snapshot | null
  /** Adds entries to those that are there, or replaces those of the same address. */
  write(snapshot: Snapshot): void
  close(): void
}

const FILE = 'scheduler.sqlite'

/**
 * Opens, or makes, the file in a folder. The journal is written ahead and synchronised by the system (`normal`): a killed
 * process loses nothing that was written, a power cut the last moments. Throws when the folder cannot be written.
 */
export function openStore(directory: string): Store {
  mkdirSync(directory, { recursive: true })
  const database = new DatabaseSync(join(directory, FILE))
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 2000;
    CREATE TABLE IF NOT EXISTS entry (address TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY CHECK (id = 1), wall REAL NOT NULL, clean INTEGER NOT NULL);
  `)
  const putEntry = database.prepare('INSERT OR REPLACE INTO entry (address, value) VALUES (?, ?)')
  const putJournal = database.prepare('INSERT OR REPLACE INTO journal (id, wall, clean) VALUES (1, ?, ?)')

  return {
    load() {
      const journal = database.prepare('SELECT wall, clean FROM journal').get()
      if (!journal) return null
      const entries: Record<string, Entry> = {}
      for (const { address, value } of database.prepare('SELECT address, value FROM entry').all()) {
        entries[String(address)] = JSON.parse(String(value)) as Entry
      }
      return { version: 1, wall: Number(journal['wall']), clean: Number(journal['clean']) === 1, entries }
    },
    write({ wall, clean, entries }) {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const [address, entry] of Object.entries(entries)) putEntry.run(address, JSON.stringify(entry))
        putJournal.run(wall, clean ? 1 : 0)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}
