/** One row a request in a database that replicas share: written behind in batches. Who is served never waits for it. */
import type { RequestRecord } from '../../gateway/request-record.ts'
import type { RequestLog } from '../request-log.ts'
import type { Query, Transact } from './connections.ts'
import { weightOf } from '../request-row.ts'
import { createWriteBehind } from './write-behind.ts'
import { pruneRequests, writeRequests } from './write-requests.ts'

export interface SharedLogOptions {
  /** Milliseconds that a row is kept. */
  age: number
  /** Bytes that all rows may have, roughly; the oldest go first. */
  size: number
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Takes secrets out of what others have written. */
  redact: (text: string) => string
  /** Hears what went wrong, once for as long as it is so. */
  failed: (why: string) => void
  /** Hears that rows are written again, and how many were lost meanwhile. */
  again: (lost: number) => void
}

export interface SharedLogParts extends Omit<SharedLogOptions, 'failed'> {
  failed: (cause: unknown) => void
  schema: string
  query: Query
  transact: Transact
  /** Milliseconds that a row waits for others: what a killed process loses at most. */
  behind?: number
}

const BEHIND = 500

export function createSharedRequestLog(parts: SharedLogParts): RequestLog {
  const { schema, query, transact, age, size, wall, redact, failed, again, behind = BEHIND } = parts
  const behindIt = createWriteBehind<{ at: number; record: RequestRecord }>({
    behind,
    sizeOf: ({ record }) => weightOf(record),
    write: (batch) => transact((ask) => writeRequests(ask, schema, batch, redact)),
    tidy: () => pruneRequests(query, schema, wall() - age, size),
    wall,
    failed,
    again,
  })
  return {
    record: (record) => behindIt.add({ at: Math.round(wall() - record.total_ms), record }),
    close: behindIt.close,
  }
}
