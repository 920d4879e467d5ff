/** GET /v1/admin/traffic: what was asked over time, out of the log of requests, for charts. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { numberIn, textIn, type Query } from '../routes/query-values.ts'
import type { TrafficAnswer, TrafficPoint } from './page-answers.ts'

export const TRAFFIC_GROUPS = ['model', 'provider', 'client', 'key', 'outcome'] as const
export type TrafficGroup = (typeof TRAFFIC_GROUPS)[number]

export interface TrafficQuestion {
  by: TrafficGroup
  /** Milliseconds since the epoch; the second not included. */
  since: number
  until: number
  /** Milliseconds of one point. */
  step: number
}

export interface TrafficReader {
  traffic(question: TrafficQuestion): TrafficPoint[]
}

const MOST_POINTS = 500
const LEAST_STEP = 1000

/** @param open throws a GatewayError where no requests are kept */
export function registerTraffic(app: FastifyInstance, open: () => TrafficReader, now: () => number = Date.now): void {
  app.get<{ Querystring: Query }>('/v1/admin/traffic', { onRequest: adminsOnly }, ({ query }) => {
    const until = numberIn(query, 'until') ?? now()
    const since = numberIn(query, 'since') ?? until - 3_600_000
    const step = numberIn(query, 'step') ?? 60_000
    const by = TRAFFIC_GROUPS.find((group) => group === (textIn(query, 'by') ?? 'model'))
    if (by === undefined)
      throw new GatewayError('invalid_request', `by is one of ${TRAFFIC_GROUPS.join(', ')}.`, { param: 'by' })
    if (step < LEAST_STEP || (until - since) / step > MOST_POINTS)
      throw new GatewayError(
        'invalid_request',
        `step is at least ${LEAST_STEP} milliseconds, and ${MOST_POINTS} of them at most make up the time asked for.`,
        { param: 'step' },
      )
    const answer: TrafficAnswer = { since, until, step, data: open().traffic({ by, since, until, step }) }
    return { object: 'list', ...answer }
  })
}
