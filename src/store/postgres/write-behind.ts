/** Rows on their way to a database that may be slow or away: in batches, within bounds, tried again. Nobody waits for it. */
import { randomUUID } from 'node:crypto'

export interface Batch<Row> {
  /** A UUID: the same for each try. */
  id: string
  rows: readonly Row[]
}

export interface WriteBehindParts<Row extends object> {
  /** Milliseconds that a row waits for others: what a killed process loses at most. */
  behind: number
  /** Bytes of a row, roughly. */
  sizeOf: (row: Row) => number
  /** All of a batch or nothing of it; the same batch may come again though it is there. */
  write: (batch: Batch<Row>) => Promise<void>
  /** What is done now and then after rows were written. */
  tidy: () => Promise<void>
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Hears what went wrong, once for as long as it is so. */
  failed: (cause: unknown) => void
  /** Hears that rows are written again, and how many were lost meanwhile. */
  again: (lost: number) => void
}

export interface WriteBehind<Row> {
  add(row: Row): void
  /** Those that are not known to be written, the oldest first. */
  rows(): Iterable<Row>
  /** Resolves when what was there has been tried. */
  tried(): Promise<void>
  /** Writes what it can within a bounded time, and tells what is lost. */
  close(): Promise<void>
}

/** How much longer the next try waits where one has failed, and at least, in milliseconds. */
const PATIENCE = 10
const LEAST_PATIENCE = 1000
const BATCH = 1000
/** Bytes of a batch, if it has more than one row: it has to be there within the time of one question, on slow lines too. */
const BATCH_BYTES = 1024 * 1024
/** What waits while the database takes none: beyond it the oldest are lost. */
const MOST_ROWS = 20_000
const MOST_BYTES = 64 * 1024 * 1024
/** Rows that make room at once. */
const DROPPED = 500
/** Milliseconds between two times that are tidied up. */
const TIDIED = 60_000
/** Milliseconds that the last rows have when all ends. */
const LAST = 5000

export function createWriteBehind<Row extends object>(parts: WriteBehindParts<Row>): WriteBehind<Row> {
  const { behind, sizeOf, write: writeBatch, tidy, wall, failed, again } = parts
  const waiting: { row: Row; bytes: number }[] = []
  /** On their way, the first one first. */
  const batches: Batch<Row>[] = []
  let bytes = 0
  let lost = 0
  let isIll = false
  let tidied = -Infinity
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined

  function later(time: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      start()
    }, time).unref()
  }

  function start(): Promise<void> {
    writing ??= write().finally(() => {
      writing = undefined
      if (waiting.length + batches.length > 0) later(isIll ? Math.max(behind * PATIENCE, LEAST_PATIENCE) : behind)
    })
    return writing
  }

  function makeRoom(): void {
    if (waiting.length <= MOST_ROWS && bytes <= MOST_BYTES) return
    const gone = waiting.splice(0, Math.min(DROPPED, waiting.length - 1))
    for (const each of gone) bytes -= each.bytes
    lost += gone.length
  }

  function nextRows(): Row[] {
    let sum = 0
    const beyond = waiting.findIndex(
      (each, index) => index >= BATCH || ((sum += each.bytes) > BATCH_BYTES && index > 0),
    )
    const next = waiting.splice(0, beyond < 0 ? waiting.length : beyond)
    for (const each of next) bytes -= each.bytes
    return next.map(({ row }) => row)
  }

  async function write(): Promise<void> {
    while (waiting.length + batches.length > 0) {
      if (batches.length === 0) batches.push({ id: randomUUID(), rows: nextRows() })
      const [batch] = batches as [Batch<Row>]
      try {
        await writeBatch(batch)
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
      }
    }
    if (isIll) again(lost)
    if (isIll) lost = 0
    isIll = false
    if (wall() - tidied < TIDIED) return
    tidied = wall()
    await tidy().catch(tell)
  }

  function tell(cause: unknown): void {
    if (!isIll) failed(cause)
    isIll = true
  }

  return {
    add(row) {
      const size = sizeOf(row)
      waiting.push({ row, bytes: size })
      bytes += size
      makeRoom()
      later(behind)
    },
    *rows() {
      for (const batch of batches) yield* batch.rows
      for (const { row } of waiting) yield row
    },
    async tried() {
      await writing
      if (waiting.length + batches.length > 0) await start()
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
