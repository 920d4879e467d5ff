/** One row a request in a database that replicas share: written behind in batches. Who is served never waits for it. */
import { randomUUID } from 'node:crypto'
import type { RequestRecord } from '../../gateway/request-record.ts'
import type { RequestLog } from '../request-log.ts'
import type { Query, Transact } from './connections.ts'
import { pruneRequests, writeRequests, type Batch } from './write-requests.ts'

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
/** How much longer the next try waits where one has failed. */
const PATIENCE = 10
const BATCH = 1000
/** Bytes of a batch, if it has more than one row: it has to be there within the time of one question, on slow lines too. */
const BATCH_BYTES = 1024 * 1024
/** What waits while the database takes none: beyond it the oldest are lost. */
const MOST_ROWS = 20_000
const MOST_BYTES = 64 * 1024 * 1024
/** Rows that make room at once. */
const DROPPED = 500
/** Bytes of a row without bodies, roughly. */
const ROW = 1000
/** Milliseconds between two looks at age and size. */
const PRUNED = 60_000
/** Milliseconds that the last rows have when all ends. */
const LAST = 5000

interface Waiting {
  at: number
  record: RequestRecord
  bytes: number
}

export function createSharedRequestLog(parts: SharedLogParts): RequestLog {
  const { schema, query, transact, age, size, wall, redact, failed, again, behind = BEHIND } = parts
  const waiting: Waiting[] = []
  /** On their way, the first one first. */
  const batches: Batch[] = []
  let bytes = 0
  let lost = 0
  let isIll = false
  let pruned = -Infinity
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined

  function later(time: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      writing ??= write().finally(() => {
        writing = undefined
        if (waiting.length + batches.length > 0) later(isIll ? behind * PATIENCE : behind)
      })
    }, time).unref()
  }

  function makeRoom(): void {
    if (waiting.length <= MOST_ROWS && bytes <= MOST_BYTES) return
    const gone = waiting.splice(0, Math.min(DROPPED, waiting.length - 1))
    for (const each of gone) bytes -= each.bytes
    lost += gone.length
  }

  function nextRows(): Waiting[] {
    let sum = 0
    const beyond = waiting.findIndex(
      (each, index) => index >= BATCH || ((sum += each.bytes) > BATCH_BYTES && index > 0),
    )
    const rows = waiting.splice(0, beyond < 0 ? waiting.length : beyond)
    for (const each of rows) bytes -= each.bytes
    return rows
  }

  async function write(): Promise<void> {
    while (waiting.length + batches.length > 0) {
      if (batches.length === 0) {
        const rows = nextRows()
        batches.push({ id: randomUUID(), rows })
      }
      const [batch] = batches as [Batch]
      try {
        await transact((ask) => writeRequests(ask, schema, batch, redact))
        batches.shift()
      } catch (cause) {
        if (!isOfData(cause)) return tell(cause)
        batches.shift()
        // one row that the database cannot hold takes no other with it
        if (batch.rows.length > 1) batches.unshift(...batch.rows.map((row) => ({ id: randomUUID(), rows: [row] })))
        else {
          lost++
          tell(cause)
        }
        continue
      }
    }
    if (isIll) again(lost)
    if (isIll) lost = 0
    isIll = false
    if (wall() - pruned < PRUNED) return
    pruned = wall()
    await pruneRequests(query, schema, wall() - age, size).catch(tell)
  }

  function tell(cause: unknown): void {
    if (!isIll) failed(cause)
    isIll = true
  }

  return {
    record(record) {
      const { request = '', sent = '', answer = '' } = record.bodies ?? {}
      const row = {
        at: Math.round(wall() - record.total_ms),
        record,
        bytes: ROW + request.length + sent.length + answer.length,
      }
      waiting.push(row)
      bytes += row.bytes
      makeRoom()
      later(behind)
    },
    async close() {
      clearTimeout(timer)
      const last = (async () => {
        await writing
        await write()
      })()
      const { promise, resolve } = Promise.withResolvers<void>()
      const bound = setTimeout(resolve, LAST)
      await Promise.race([last, promise])
      clearTimeout(bound)
      clearTimeout(timer)
      // nothing is tried after this
      timer = undefined
      const left = waiting.splice(0).length + batches.splice(0).reduce((sum, { rows }) => sum + rows.length, 0)
      if (left > 0) again(lost + left)
    },
  }
}

/** Classes of errors that say that a row is what it may not be: tried again it is no better. */
function isOfData(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^(22|23|54)[0-9A-Z]{3}$/.test(code)
}
