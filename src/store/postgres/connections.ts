/** Connections to one database: some that are shared for questions, and what is asked in one transaction. */
import { Socket } from 'node:net'
import type { ClientConfig, Pool } from 'pg'
import { UncertainChange } from '../documents.ts'

export interface DatabaseAddress {
  /** `postgres://user:password@host/database` */
  url: string
  /** Where the tables are. */
  schema: string
  /** Milliseconds that one question may take. */
  answer?: number
}

export type Query = (text: string, values: readonly unknown[]) => Promise<Record<string, unknown>[]>
export type Transact = (work: (query: Query) => Promise<void>) => Promise<void>

/** Of all of them: the server gives up itself what nobody waits for any longer, so that nothing piles up there behind a lock. */
export interface Connections {
  /** One question alone, which may change something. */
  query: Query
  /** One that changes nothing. */
  read: Query
  /**
   * Rejects, and nothing is kept, where the work rejects; with an UncertainChange where nobody said whether it was kept.
   */
  transact: Transact
  /** Waits a moment for what is asked still, then cuts it off. */
  close(): Promise<void>
}

/** Milliseconds until a connection that is not there counts as refused. */
const CONNECT = 5000
const ANSWER = 15_000
/** Milliseconds that what goes on has when all ends. */
const LAST = 1000
/** Those that keep keys and read the log never need many. */
const MOST = 4

/** @param sockets has what is open, to be cut whatever the other side does */
export function connectionTo({ url, answer = ANSWER }: DatabaseAddress, sockets = new Set<Socket>()): ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT,
    query_timeout: answer,
    keepAlive: true,
    stream() {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    },
    application_name: 'balanced-call',
  }
}

/** Nobody answers through a connection whose other side is gone without a word: what waits for that is cut after a moment. */
export async function ended(end: Promise<unknown>, sockets: ReadonlySet<Socket>): Promise<void> {
  const timer = setTimeout(() => cut(sockets), LAST)
  await end.catch(() => {})
  clearTimeout(timer)
}

export function cut(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy()
}

/** The client library is loaded only where a database is named. */
export async function connectPool(address: DatabaseAddress): Promise<Connections> {
  const { default: pg } = await import('pg')
  const sockets = new Set<Socket>()
  const pool: Pool = new pg.Pool({
    ...connectionTo(address, sockets),
    max: MOST,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
  })
  // of those that nobody uses: the next question tells
  pool.on('error', () => {})
  // nobody waits for an answer that comes later; as part of each transaction, as poolers give each another connection
  const soon = Math.max(1, Math.round((address.answer ?? ANSWER) * 0.9))
  const bounds = `SET LOCAL statement_timeout = ${soon}`

  async function within(begin: string, work: (query: Query) => Promise<void>): Promise<void> {
    const client = await pool.connect()
    // it is cut while nobody asks: the next question tells
    const ignore = (): void => {}
    client.on('error', ignore)
    let fault: unknown
    let isEnding = false
    try {
      await client.query(begin)
      await work(async (text, values) => (await client.query(text, [...values])).rows as Record<string, unknown>[])
      isEnding = true
      await client.query('COMMIT')
    } catch (error) {
      fault = error
      throw isEnding && !isRefused(error) ? new UncertainChange(error) : error
    } finally {
      client.off('error', ignore)
      // one that has failed may be broken; its end undoes what it has not kept, and waits for no answer
      client.release(fault !== undefined)
    }
  }

  async function alone(begin: string, text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    let rows: Record<string, unknown>[] = []
    await within(begin, async (query) => void (rows = await query(text, values)))
    return rows
  }

  // whoever stalls must not keep others from it
  const begin = `BEGIN; ${bounds}; SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '10s'`
  return {
    query: (text, values) => alone(begin, text, values),
    read: (text, values) => alone(`BEGIN READ ONLY; ${bounds}`, text, values),
    transact: (work) => within(begin, work),
    close: () => ended(pool.end(), sockets),
  }
}

/** The server has said that it keeps nothing. One that is shut down, or a connection that is cut, has said neither. */
function isRefused(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|57|E)/.test(code)
}
