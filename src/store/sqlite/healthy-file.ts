import { existsSync, renameSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { openPrivate } from './private-file.ts'

/** Opens a SQLite file, or makes it. One that is damaged is set aside, which `damaged` hears of, and a new one begun. */
export function openHealthy(file: string, schema: string, damaged: (aside: string, why: string) => void): DatabaseSync {
  try {
    return open(file, schema)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    if (!/malformed|not a database|corrupt/i.test(why)) throw cause
    const aside = freeName(file)
    renameSync(file, aside)
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true })
    damaged(aside, why)
    return open(file, schema)
  }
}

function open(file: string, schema: string): DatabaseSync {
  const database = openPrivate(file)
  try {
    database.exec(schema)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function freeName(file: string): string {
  for (let n = 1; ; n++) if (!existsSync(`${file}.damaged-${n}`)) return `${file}.damaged-${n}`
}
