/** The log of requests of one process: in the database that replicas share, else in its data folder. */
import type { Config } from '../config/config.ts'
import type { Log } from '../observability/log.ts'
import type { Redact } from '../observability/redact.ts'
import { realClock, type Clock } from '../scheduler/clock.ts'
import type { SharedRequests } from '../store/postgres/database.ts'
import type { RequestLog } from '../store/request-log.ts'
import { createRequestLog } from '../store/sqlite/request-log.ts'

interface LogOptions {
  data?: string | undefined
  database?: SharedRequests | undefined
  clock?: Clock
}

/** Where there is a data folder or a database. */
export function openRequestLog(
  { server }: Config,
  { data, database, clock = realClock }: LogOptions,
  { log, redact }: { log: Log; redact: Redact },
): RequestLog | undefined {
  if (server.request_log === false) return undefined
  const { age, size } = server.request_log
  const common = { age, size, wall: clock.wall, redact }
  if (database) {
    return database.openLog({
      ...common,
      failed: (why) => log.error({ why }, 'requests cannot be logged and wait; serving goes on'),
      again: (lost) => log.warn({ lost }, 'requests were waiting for the database; those that it has not got are lost'),
    })
  }
  if (data === undefined) return undefined
  return createRequestLog({
    ...common,
    folder: data,
    failed: (err) => log.error({ err }, 'requests cannot be logged and wait; serving goes on'),
    again: (lost) => log.warn({ lost }, 'requests are logged again'),
  })
}
