/** What several replicas share in PostgreSQL: made ready when it is opened, followed until it is closed. */
import type { RecordReader } from '../../api/routes/records.ts'
import type { Documents, DocumentKind } from '../documents.ts'
import type { RequestLog } from '../request-log.ts'
import { connectionTo, connectPool, type Connections, type DatabaseAddress, type Query } from './connections.ts'
import { listenTo } from './listener.ts'
import { migrate } from './migrate.ts'
import { plainFault } from './plain-fault.ts'
import { createSharedDocuments } from './shared-documents.ts'
import { createSharedRecordReader } from './shared-record-reader.ts'
import { createSharedRequestLog, type SharedLogOptions } from './shared-request-log.ts'

/** The log of requests of all replicas. */
export interface SharedRequests {
  address: DatabaseAddress
  records: RecordReader
  openLog(options: SharedLogOptions): RequestLog
  close(): Promise<void>
}

export interface Database extends SharedRequests {
  /** Host and database, without user and password. */
  where: string
  table(kind: DocumentKind): Documents
  /** A fault of it in words for people, without its address. */
  plainly(cause: unknown): string
  /** From now on hears when the server stops answering (why), and when it answers again (undefined). */
  onState(listener: (why: string | undefined) => void): void
}

export interface DatabaseOptions {
  /** Milliseconds between two looks for what was not told; 0: what was there at the start is enough. */
  every?: number
}

/** What is told at once needs no look; this is for what is not, such as behind a pooler of connections. */
const EVERY = 2000

/** Rejects with an Error whose message says in plain words why it cannot be used. */
export async function openDatabase(address: DatabaseAddress, options: DatabaseOptions = {}): Promise<Database> {
  const { every = EVERY } = options
  const where = placeOf(address)
  const pool = await connectPool(address)
  const documents = createSharedDocuments(address.schema, pool.query, pool.transact)
  try {
    const made = await pool.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [address.schema])
    await migrate(connectionTo(address), address.schema, made.length > 0)
    await documents.refresh()
  } catch (cause) {
    await pool.close()
    // oxlint-disable-next-line preserve-caught-error -- it may hold the address, with its password
    throw new Error(`${where} cannot be used: ${plainFault(cause)}`)
  }
  const listeners: ((why: string | undefined) => void)[] = []
  const changed = (fault: unknown): void => {
    const why = fault === undefined ? undefined : plainFault(fault)
    for (const listener of listeners) listener(why)
  }
  const following = every > 0 ? listenTo({ address, look: documents.refresh, changed, every }) : undefined
  return {
    ...requestsOf(address, pool),
    where,
    table: documents.table,
    plainly: (cause) => plainly(address, cause),
    onState: (listener) => void listeners.push(listener),
    async close() {
      await Promise.all([following?.close(), pool.close()])
    },
  }
}

/** The log of requests alone: nothing is made or followed, and the server need not be there yet. A process may end without closing it. */
export async function openSharedRequests(address: DatabaseAddress): Promise<SharedRequests> {
  return requestsOf(address, await connectPool(address))
}

function requestsOf(address: DatabaseAddress, { query, transact, close }: Connections): SharedRequests {
  const { schema } = address
  const ask: Query = async (text, values) => {
    try {
      return await query(text, values)
    } catch (cause) {
      // oxlint-disable-next-line preserve-caught-error -- it may hold the address, with its password
      throw new Error(plainly(address, cause))
    }
  }
  return {
    address,
    records: createSharedRecordReader(schema, ask),
    openLog: (log) =>
      createSharedRequestLog({
        ...log,
        query,
        transact,
        schema,
        failed: (cause) => log.failed(plainly(address, cause)),
      }),
    close,
  }
}

function plainly(address: DatabaseAddress, cause: unknown): string {
  return `the database ${placeOf(address)}: ${plainFault(cause)}`
}

export function placeOf({ url }: DatabaseAddress): string {
  const { host, pathname } = new URL(url)
  return `${host || 'the local socket'}${pathname}`
}
