/** Connections to one database: some that are shared for questions, and what is asked in one transaction. */
import type { ClientConfig, Pool } from 'pg'

export interface DatabaseAddress {
  /** `postgres://user:password@host/database` */
  url: string
  /** Where the tables are. */
  schema: string
}

export type Query = (text: string, values: readonly unknown[]) => Promise<Record<string, unknown>[]>
export type Transact = (work: (query: Query) => Promise<void>) => Promise<void>

export interface Connections {
  query: Query
  /** Rejects, and nothing is kept, where the work rejects. */
  transact: Transact
  close(): Promise<void>
}

/** Milliseconds until a connection that is not there counts as refused. */
const CONNECT = 5000
/** Milliseconds that one question may take. */
const ANSWER = 15_000
/** Those that keep keys and read the log never need many. */
const MOST = 4

export function connectionTo({ url }: DatabaseAddress): ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT,
    query_timeout: ANSWER,
    keepAlive: true,
    application_name: 'balanced-call',
  }
}

/** The client library is loaded only where a database is named. */
export async function connectPool(address: DatabaseAddress): Promise<Connections> {
  const { default: pg } = await import('pg')
  const pool: Pool = new pg.Pool({
    ...connectionTo(address),
    max: MOST,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
  })
  // of those that nobody uses: the next question tells
  pool.on('error', () => {})
  return {
    query: async (text, values) => (await pool.query(text, [...values])).rows as Record<string, unknown>[],
    async transact(work) {
      const client = await pool.connect()
      // it is cut while nobody asks: the next question tells
      const ignore = (): void => {}
      client.on('error', ignore)
      let fault: unknown
      try {
        await client.query('BEGIN')
        // whoever stalls must not keep others from it
        await client.query(`SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '10s'`)
        await work(async (text, values) => (await client.query(text, [...values])).rows as Record<string, unknown>[])
        await client.query('COMMIT')
      } catch (error) {
        fault = error
        await client.query('ROLLBACK').catch(() => {})
        throw error
      } finally {
        client.off('error', ignore)
        // one that has failed may be broken
        client.release(fault !== undefined)
      }
    },
    close: () => pool.end(),
  }
}
