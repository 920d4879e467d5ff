/** What several replicas share in PostgreSQL: made ready when it is opened, followed until it is closed. */
import type { ResponseStore } from '../../api/responses/kept-response.ts'
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
import { createSharedResponses, type SharedResponsesOptions } from './shared-responses.ts'
import { shareUsage, type SharedUsage, type ShareUsageOptions } from '../share-usage.ts'
import { createUsageTable } from './usage-table.ts'

/** The log of requests of all replicas. */
export interface SharedRequests {
  address: DatabaseAddress
  records: RecordReader
  openLog(options: SharedLogOptions): RequestLog
  /** Responses that clients asked any replica to keep. */
  openResponses(options: SharedResponsesOptions): ResponseStore & { close(): Promise<void> }
  close(): Promise<void>
}

export interface Database extends SharedRequests {
  /** Host and database, without user and password. */
  where: string
  table(kind: DocumentKind): Documents
  /** Has it never held a document? */
  isNew(): Promise<boolean>
  /** Counts what clients use together with all replicas from now on; ends with the database at the latest. */
  shareUsage(options: Omit<ShareUsageOptions, 'every'>): Promise<SharedUsage>
  /** A fault of it in words for people, without its address. */
  plainly(cause: unknown): string
  /** From now on hears when the server stops answering (why), and when it answers again (undefined). */
  onState(listener: (why: string | undefined) => void): void
}

export interface DatabaseOptions {
  /** Milliseconds between two looks for what was not told; 0: what was there at the start is enough. */
  every?: number
  /** Milliseconds between two exchanges of what clients have used. */
  exchange?: number
}

/** What is told at once needs no look; this is for what is not, such as behind a pooler of connections. */
const EVERY = 2000

/** Rejects with an Error whose message says in plain words why it cannot be used. */
export async function openDatabase(address: DatabaseAddress, options: DatabaseOptions = {}): Promise<Database> {
  const { every = EVERY, exchange } = options
  const where = placeOf(address)
  const pool = await connectPool(address)
  const documents = createSharedDocuments(address.schema, pool.query, pool.transact)
  try {
    await migrate(connectionTo(address), address.schema, pool.query)
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
  const sharing: SharedUsage[] = []
  const following = every > 0 ? listenTo({ address, look: documents.refresh, changed, every }) : undefined
  return {
    ...requestsOf(address, pool),
    where,
    table: documents.table,
    async isNew() {
      const [sequence] = await pool.query(`SELECT is_called FROM "${address.schema}".document_version`, [])
      return sequence?.['is_called'] === false
    },
    plainly: (cause) => plainly(address, cause),
    onState: (listener) => void listeners.push(listener),
    async shareUsage(parts) {
      const table = createUsageTable(address.schema, pool.query, pool.transact, parts.clock.wall)
      const shared = await shareUsage(table, { ...parts, ...(exchange !== undefined && { every: exchange }) })
      sharing.push(shared)
      return shared
    },
    async close() {
      await Promise.all(sharing.map((each) => each.close()))
      await Promise.all([following?.close(), pool.close()])
    },
  }
}

/** The log of requests alone: nothing is made or followed, and the server need not be there yet. A process may end without closing it. */
export async function openSharedRequests(address: DatabaseAddress): Promise<SharedRequests> {
  return requestsOf(address, await connectPool(address))
}

function requestsOf(address: DatabaseAddress, { query, read, transact, close }: Connections): SharedRequests {
  const { schema } = address
  const plain =
    (by: Query): Query =>
    async (text, values) => {
      try {
        return await by(text, values)
      } catch (cause) {
        // oxlint-disable-next-line preserve-caught-error -- it may hold the address, with its password
        throw new Error(plainly(address, cause))
      }
    }
  const ask = plain(read)
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
    openResponses: (kept) =>
      createSharedResponses({
        ...kept,
        query,
        ask,
        remove: plain(query),
        schema,
        failed: (cause) => kept.failed(plainly(address, cause)),
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
