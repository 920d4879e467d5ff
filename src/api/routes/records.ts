/** GET /v1/admin/requests, /v1/admin/requests/{id} and /v1/admin/spend: what was asked, how it went, and what it cost. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import type { StoredRecord } from '../console/page-answers.ts'
import type { TrafficReader } from '../console/traffic.ts'
import { dayIn, flagIn, numberIn, textIn, type Query } from './query-values.ts'

export type { StoredRecord } from '../console/page-answers.ts'

export interface RecordFilter {
  client?: string
  /** Public, or the upstream's. */
  model?: string
  provider?: string
  key?: string
  outcome?: string
  /** All outcomes but `ok`. */
  failed?: boolean
  /** Milliseconds since the epoch. */
  since?: number
  /** The number of a row: only later ones. */
  after?: number
  /** The same: only earlier ones. */
  before?: number
  limit?: number
}

export const SPEND_GROUPS = ['day', 'client', 'provider', 'key', 'model'] as const
export type SpendGroup = (typeof SPEND_GROUPS)[number]

export interface SpendQuestion {
  by: readonly SpendGroup[]
  /** Days (UTC), both included. */
  since?: string
  until?: string
  client?: string
}

export interface Spent extends Partial<Record<SpendGroup, string>> {
  requests: number
  input_tokens: number
  output_tokens: number
  /** US dollars. */
  cost: number
}

export interface RecordReader extends TrafficReader {
  /** The latest that fit, in the order in which they ended. */
  list(filter: RecordFilter): Promise<StoredRecord[]>
  find(id: string): Promise<StoredRecord | undefined>
  spend(question: SpendQuestion): Promise<Spent[]>
}

/** Rows that one answer has at most. */
const MOST = 1000

/** Throws a GatewayError where there are none; each question rejects with one where the log cannot be read. */
export function openRecords(reader: RecordReader | undefined): RecordReader {
  if (reader)
    return withFaults(reader, (why, cause) => {
      const message = `The log of requests cannot be read: ${why}. Serving goes on.`
      return new GatewayError('overloaded', message, { code: 'request_log_unreadable', cause })
    })
  throw noRequestLog()
}

export function noRequestLog(): GatewayError {
  const message =
    'No requests are kept: give this server a data folder (--data, BALANCED_CALL_DATA or server.data) or a database (database.url), and take server.request_log: false away where it is set.'
  return new GatewayError('not_found', message, { code: 'no_request_log' })
}

/** One whose questions reject with what is made of why they cannot be answered. */
export function withFaults(reader: RecordReader, faultOf: (why: string, cause: unknown) => Error): RecordReader {
  async function readable<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw faultOf(cause instanceof Error ? cause.message : String(cause), cause)
    }
  }
  return {
    list: (filter) => readable(() => reader.list(filter)),
    find: (id) => readable(() => reader.find(id)),
    spend: (question) => readable(() => reader.spend(question)),
    traffic: (question) => readable(() => reader.traffic(question)),
  }
}

export function registerRecords(app: FastifyInstance, reader: RecordReader | undefined): void {
  const open = (): RecordReader => openRecords(reader)
  app.get<{ Querystring: Query }>('/v1/admin/requests', { onRequest: adminsOnly }, async ({ query }) => {
    const filter: RecordFilter = {
      client: textIn(query, 'client'),
      model: textIn(query, 'model'),
      provider: textIn(query, 'provider'),
      key: textIn(query, 'key'),
      outcome: textIn(query, 'outcome'),
      failed: flagIn(query, 'failed'),
      since: numberIn(query, 'since'),
      after: numberIn(query, 'after'),
      before: numberIn(query, 'before'),
      limit: Math.min(numberIn(query, 'limit') ?? 100, MOST),
    }
    return { object: 'list', data: await open().list(filter) }
  })
  app.get<{ Params: { id: string } }>(
    '/v1/admin/requests/:id',
    { onRequest: adminsOnly },
    async ({ params: { id } }) => {
      const found = await open().find(id)
      if (found) return found
      const message = `There is no request ${id.slice(0, 100)} in the log; answers tell theirs in x-request-id.`
      throw new GatewayError('not_found', message, { code: 'request_not_found' })
    },
  )
  app.get<{ Querystring: Query }>('/v1/admin/spend', { onRequest: adminsOnly }, async ({ query }) => {
    const by = readGroups(textIn(query, 'by') ?? 'client')
    const [since, until, client] = [dayIn(query, 'since'), dayIn(query, 'until'), textIn(query, 'client')]
    return { object: 'list', data: await open().spend({ by, since, until, client }) }
  })
}

/** @param text names with commas. Throws a GatewayError for one that is none. */
export function readGroups(text: string): SpendGroup[] {
  return text.split(',').map((each) => {
    const found = SPEND_GROUPS.find((group) => group === each.trim())
    if (found) return found
    throw new GatewayError('invalid_request', `by is of ${SPEND_GROUPS.join(', ')}, with commas between.`, {
      param: 'by',
    })
  })
}
