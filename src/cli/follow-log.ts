/** New rows of the log as they come, also after a time in which it could not be read. */
import type { StoredRecord } from '../api/routes/records.ts'
import { UsageError } from './command-line.ts'

export interface FollowOptions {
  /** Rows that are later than the one of this number. */
  list: (after: number) => Promise<StoredRecord[]>
  after: number
  write: (rows: readonly StoredRecord[]) => void
  /** For what is no row. */
  say: (text: string) => void
  /** Waits for the next look; false ends it. */
  next: () => Promise<boolean>
}

export async function followLog({ list, after, write, say, next }: FollowOptions): Promise<void> {
  let last = after
  let isAway = false
  while (await next()) {
    try {
      const rows = await list(last)
      if (isAway) say('the log can be read again')
      isAway = false
      write(rows)
      last = rows.at(-1)?.number ?? last
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause
      if (!isAway) say(`${cause.message}; waiting until it can`)
      isAway = true
    }
  }
}
