/** Keeps what the scheduler has learnt and counted in a SQLite file, so that a restart does not forget it. */
import { existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { plainlyFull } from './disk-full.ts'
import { openPrivate } from './sqlite/private-file.ts'
import type { Entry, Snapshot } from '../scheduler/persistence/snapshot.ts'
import { makeFolder } from '../runtime/make-folder.ts'

export interface Store {
  /** What was written last; null when there is nothing. */
  load(): Snapshot | null
  /** Adds entries to those that are there, or replaces those of the same address. */
  write(snapshot: Snapshot): void
  close(): void
}

const FILE = 'scheduler.sqlite'
/** Held for as long as a process uses the folder; the system lets go of it when the process ends in any way. */
const LOCK = 'scheduler.lock'

/** Where a damaged file was set aside. */
type Damaged = (where: string, why: string) => void

/**
 * Opens, or makes, the file in a folder. The journal is written ahead and synchronised by the system (`normal`): a killed
 * process loses nothing that was written, a power cut the last moments. A file that is damaged is set aside, and a new one
 * begun. Throws when the folder cannot be written, or another process keeps its counts in it.
 */
export function openStore(directory: string, damaged: Damaged = () => {}): Store {
  let lock: DatabaseSync | undefined
  try {
    checkName(directory)
    makeFolder(directory)
    lock = takeLock(directory)
    return storeOf(openFile(join(directory, FILE), damaged), lock)
  } catch (error) {
    lock?.close()
    throw plainlyFull(error)
  }
}

/** What can be made, and was not meant. Throws. */
function checkName(directory: string): void {
  if (directory.trim() === '') throw new Error('it has no name')
  if (/^~(?:\/|$)/.test(directory)) throw new Error('nobody puts a home in the place of ~ here: write the whole path')
  if (/^[a-z][\w+.-]*:\/\//i.test(directory))
    throw new Error('that is an address and no folder; a database is named by database.url')
}

function takeLock(directory: string): DatabaseSync {
  const file = join(directory, LOCK)
  try {
    return lockOf(file)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
    // nothing stands in it: emptied where it is, it is the same file for whoever holds it
    truncateSync(file)
    return lockOf(file)
  }
}

function lockOf(file: string): DatabaseSync {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    const isTaken = cause instanceof Error && /locked|busy/i.test(cause.message)
    if (!isTaken) throw cause
    throw new Error('another process keeps its counts there, and two would each spend all that the limits allow', {
      cause,
    })
  }
}

function openFile(file: string, damaged: Damaged): DatabaseSync {
  try {
    return readyFile(file)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
    const aside = freeName(file)
    renameSync(file, aside)
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true })
    damaged(aside, cause.message)
    return readyFile(file)
  }
}

function isDamage(cause: unknown): cause is Error {
  return cause instanceof Error && /malformed|not a database|corrupt/i.test(cause.message)
}

function freeName(file: string): string {
  for (let n = 1; ; n++) if (!existsSync(`${file}.damaged-${n}`)) return `${file}.damaged-${n}`
}

/** Throws for a file that is no database, or one with damage in it. */
function readyFile(file: string): DatabaseSync {
  const database = openPrivate(file)
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = 2000;
      CREATE TABLE IF NOT EXISTS entry (address TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY CHECK (id = 1), wall REAL NOT NULL, clean INTEGER NOT NULL);
    `)
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (found !== 'ok') throw new Error(`the file is malformed: ${String(found)}`)
    for (const { value } of database.prepare('SELECT value FROM entry WHERE NOT json_valid(value) LIMIT 1').all())
      throw new Error(`the file is malformed: an entry is no JSON (${String(value).length} characters)`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function storeOf(database: DatabaseSync, lock: DatabaseSync): Store {
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
        if (database.isTransaction) database.exec('ROLLBACK')
        throw plainlyFull(error, ': what is counted from now on is lost with a restart until there is room')
      }
    },
    close() {
      database.close()
      lock.close()
    },
  }
}
