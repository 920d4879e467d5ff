/** One row a request, in a SQLite file of the data folder: written behind in batches, bounded by age and by size. */

import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { RequestRecord } from '../../gateway/request-record.ts'
import { plainlyFull } from '../disk-full.ts'
import { redactBody } from '../redact-body.ts'
import type { RequestLog } from '../request-log.ts'
import { COLUMNS, valuesOf, weightOf } from '../request-row.ts'
import { openHealthy } from './healthy-file.ts'
import { makeFolder } from '../../runtime/make-folder.ts'

export interface RequestLogOptions {
  folder: string
  /** Milliseconds that a row is kept. */
  age: number
  /** Bytes that the file may have; the oldest rows go first. */
  size: number
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Takes secrets out of what others have written. */
  redact: (text: string) => string
  /** Hears what went wrong, once for as long as it is so. */
  failed: (cause: unknown) => void
  /** Hears that rows are written again, and how many were lost meanwhile. */
  again: (lost: number) => void
}

export const FILE = 'requests.sqlite'

/** Milliseconds that a row waits for others: what a killed process loses at most. */
const BEHIND = 900
/** And until a disk that took none is tried again. */
const AGAIN = 5000
/** So many are written at once: more would hold up others for more than a millisecond, and outlive the young generation. */
const ENOUGH = 200
/** Rows that wait while the disk takes none, and their bytes: beyond it the oldest are lost. */
const MOST_WAITING = 20_000
const MOST_BYTES = 64 * 1024 * 1024
/** What stays of them, so that room is not made for each row. */
const KEPT = 7 / 8
/** Milliseconds, or rows, between two looks at age and size. */
const PRUNED = 60_000
const MANY = 20_000

const SCHEMA = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 250;
  CREATE TABLE IF NOT EXISTS request (
    number INTEGER PRIMARY KEY, id TEXT, at INTEGER NOT NULL, client TEXT, model TEXT NOT NULL, stream INTEGER NOT NULL,
    outcome TEXT NOT NULL, provider TEXT, upstream_model TEXT, key TEXT, attempts INTEGER NOT NULL, queue_ms INTEGER NOT NULL,
    first_ms INTEGER, total_ms INTEGER NOT NULL, input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER,
    cache_write_tokens INTEGER, reasoning_tokens INTEGER, max_tokens INTEGER, cost REAL, error TEXT, detail TEXT
  );
  CREATE INDEX IF NOT EXISTS request_at ON request (at);
  CREATE INDEX IF NOT EXISTS request_id ON request (id);
  CREATE TABLE IF NOT EXISTS body (
    number INTEGER PRIMARY KEY, request TEXT NOT NULL, sent TEXT, answer TEXT
  );
  CREATE TABLE IF NOT EXISTS spend (
    day TEXT NOT NULL, client TEXT NOT NULL, provider TEXT NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL,
    requests INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost REAL NOT NULL,
    PRIMARY KEY (day, client, provider, key, model)
  ) WITHOUT ROWID;
`

/** The file is opened with the first row; where that fails, it is tried again with each batch. */
export function createRequestLog({ folder, age, size, wall, redact, failed, again }: RequestLogOptions): RequestLog {
  let waiting: { at: number; record: RequestRecord }[] = []
  let timer: NodeJS.Timeout | undefined
  let writer: Writer | undefined
  let isIll = false
  /** Of those that wait, while the disk takes none. */
  let bytes = 0
  let lost = 0
  let pruned = -Infinity
  let added = 0

  function tell(cause: unknown): void {
    if (!isIll) failed(plainlyFull(cause))
    isIll = true
  }

  function makeRoom(): void {
    if (waiting.length <= MOST_WAITING && bytes <= MOST_BYTES) return
    let gone = 0
    const isOver = (): boolean => waiting.length - gone > MOST_WAITING * KEPT || bytes > MOST_BYTES * KEPT
    for (const { record } of waiting) {
      if (gone === waiting.length - 1 || !isOver()) break
      gone++
      bytes -= weightOf(record)
    }
    waiting = waiting.slice(gone)
    lost += gone
  }

  function well(): void {
    if (isIll) again(lost)
    isIll = false
    lost = 0
  }

  function write(isEnd = false): void {
    timer = undefined
    if (waiting.length === 0 && !(isEnd && added > 0)) return
    try {
      writer ??= openWriter(folder, redact, failed)
      writer.write(waiting)
      added += waiting.length
      waiting = []
      well()
      if (!isEnd && wall() - pruned < PRUNED && added < MANY) return
      pruned = wall()
      added = 0
      writer.prune(wall() - age, size)
    } catch (cause) {
      tell(cause)
      writer?.close()
      writer = undefined
      bytes = waiting.reduce((sum, { record }) => sum + weightOf(record), 0)
      makeRoom()
      timer ??= setTimeout(() => write(), AGAIN).unref()
    }
  }

  return {
    record(record) {
      waiting.push({ at: Math.round(wall() - record.total_ms), record })
      if (isIll) {
        bytes += weightOf(record)
        makeRoom()
      }
      if (waiting.length < ENOUGH || isIll) timer ??= setTimeout(() => write(), BEHIND).unref()
      else {
        clearTimeout(timer)
        write()
      }
    },
    close() {
      clearTimeout(timer)
      write(true)
      clearTimeout(timer)
      writer?.close()
      writer = undefined
    },
  }
}

interface Writer {
  write(rows: readonly { at: number; record: RequestRecord }[]): void
  prune(before: number, size: number): void
  close(): void
}

function openWriter(folder: string, redact: (text: string) => string, failed: (cause: unknown) => void): Writer {
  makeFolder(folder)
  const database = openHealthy(join(folder, FILE), SCHEMA, (aside, why) =>
    failed(new Error(`the request log cannot be read (${why}): it is set aside as ${aside}, and a new one begins`)),
  )
  const insert = database.prepare(
    `INSERT INTO request (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  )
  const body = database.prepare('INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?)')
  const spend = database.prepare(`
    INSERT INTO spend VALUES (date(? / 1000, 'unixepoch'), ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, input_tokens = input_tokens + excluded.input_tokens,
      output_tokens = output_tokens + excluded.output_tokens, cost = cost + excluded.cost`)
  return {
    write(rows) {
      transaction(database, () => {
        const sums = new Map<string, Sum>()
        for (const { at, record } of rows) {
          const { lastInsertRowid: number } = insert.run(...valuesOf(at, record, redact))
          if (record.bodies) {
            const { request, sent, answer } = record.bodies
            const told = [request, sent, answer].map((text) => (text === undefined ? null : redactBody(text, redact)))
            body.run(number, ...told)
          }
          addUp(sums, at, record)
        }
        for (const { of, requests, input, output, cost } of sums.values())
          spend.run(...of, requests, input, output, cost)
      })
    },
    prune: (before, size) => prune(database, before, size),
    close: () => database.close(),
  }
}

/** What requests of one day, client, provider, key and model have spent. */
interface Sum {
  of: [at: number, client: string, provider: string, key: string, model: string]
  requests: number
  input: number
  output: number
  cost: number
}

const DAY = 86_400_000

/** One row a batch and not one a request: a quarter less of what a request costs here. */
function addUp(sums: Map<string, Sum>, at: number, record: RequestRecord): void {
  const { client = '', provider, key = '', upstream_model: model = '' } = record
  if (provider === undefined) return
  const name = `${Math.floor(at / DAY)}\0${client}\0${provider}\0${key}\0${model}`
  let sum = sums.get(name)
  if (!sum)
    sums.set(name, (sum = { of: [at, client, provider, key, model], requests: 0, input: 0, output: 0, cost: 0 }))
  sum.requests++
  sum.input += record.input_tokens ?? 0
  sum.output += record.output_tokens ?? 0
  sum.cost += record.cost ?? 0
}

/** What is too old goes, and while the file is too large the oldest tenth as well. */
function prune(database: DatabaseSync, before: number, size: number): void {
  database.prepare('DELETE FROM request WHERE at < ?').run(before)
  const orphans = 'DELETE FROM body WHERE number < coalesce((SELECT min(number) FROM request), 9e18)'
  database.exec(orphans)
  for (let turn = 0; turn < 10 && bytesOf(database) > size; turn++) {
    database.exec(
      'DELETE FROM request WHERE number <= (SELECT min(number) + (max(number) - min(number)) / 10 FROM request)',
    )
    database.exec(orphans)
    database.exec('PRAGMA incremental_vacuum')
  }
}

/** Of pages that hold something. */
function bytesOf(database: DatabaseSync): number {
  const value = (pragma: string): number => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
  return (value('page_count') - value('freelist_count')) * value('page_size')
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
