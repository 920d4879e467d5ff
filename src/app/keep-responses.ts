/** Where this server keeps responses: in the database that replicas share, else in its data folder, else in memory. */
import type { ResponseStore } from '../api/responses/kept-response.ts'
import type { Log } from '../observability/log.ts'
import { realClock, type Clock } from '../scheduler/clock.ts'
import type { SharedRequests } from '../store/postgres/database.ts'
import { openResponseStore } from '../store/sqlite/response-store.ts'

interface KeepOptions {
  data?: string | undefined
  database?: SharedRequests | undefined
  clock?: Clock
}

/** Opened at the first response. */
export function keepResponses({ data: folder, database, clock = realClock }: KeepOptions, log: Log) {
  let opened: (ResponseStore & { close(): Promise<void> | void }) | undefined
  const open = () => {
    if (!database) {
      const damaged = (aside: string, why: string): void =>
        log.error({ why }, `responses cannot be read: their file is set aside as ${aside}, and a new one begins`)
      return openResponseStore({ folder, damaged })
    }
    return database.openResponses({
      wall: clock.wall,
      failed: (why) => log.error({ why }, 'responses cannot be kept and wait; serving goes on'),
      again: (lost) =>
        log.warn({ lost }, 'responses were waiting for the database; those that it has not got are lost'),
    })
  }
  return {
    get: () => (opened ??= open()),
    close: async () => opened?.close(),
  }
}
