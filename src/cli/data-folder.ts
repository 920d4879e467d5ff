/** Where the server of this configuration keeps what it counts: for commands that read it. */
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { createRecordReader } from '../store/sqlite/request-reader.ts'
import { withFaults, type RecordReader } from '../api/routes/records.ts'
import { configFile, UsageError } from './command-line.ts'

/** Rejects, as each question does, with a UsageError. A folder on the command line goes first. */
export async function openRecords(values: { data?: string; config?: string }): Promise<RecordReader> {
  return withFaults(
    await namedRecords(values),
    (why, cause) => new UsageError(`the log of requests cannot be read: ${why}`, { cause }),
  )
}

async function namedRecords(values: { data?: string; config?: string }): Promise<RecordReader> {
  if (values.data !== undefined) return createRecordReader(values.data)
  const named = process.env['BALANCED_CALL_DATA'] || undefined
  const config = configOf(values.config, named !== undefined)
  if (config?.database) {
    const { openSharedRequests } = await import('../store/postgres/database.ts')
    return (await openSharedRequests(config.database)).records
  }
  const folder = named ?? config?.server.data
  if (folder === undefined)
    throw new UsageError(
      'no data folder: name the one of the server with --data, BALANCED_CALL_DATA or server.data, or its database with database.url',
    )
  return createRecordReader(folder)
}

/** Where a folder is named the file need not be there, or right. */
function configOf(file: string | undefined, isNamed: boolean): Config | undefined {
  try {
    return loadConfig(configFile(file), process.env)
  } catch (cause) {
    if (!isNamed) throw cause
    return undefined
  }
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90m` ago, or an instant such as 2027-01-31T12:00. Milliseconds since the epoch. */
export function readSince(text: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text)
  const at = ago ? now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0) : Date.parse(text)
  if (Number.isNaN(at)) throw new UsageError(`"${text}" is no time: use 30m, 12h, 7d or 2027-01-31T12:00Z`)
  return at
}
