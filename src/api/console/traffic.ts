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
  traffic(question: TrafficQuestion): Promise<TrafficPoint[]>
}

const MOST_POINTS = 500
const LEAST_STEP = 1000

/** A long log takes a tenth of a second: it is read again after so many times what that took, so that all looks take 1/200 of the time at most. */
const RESTS = 200
/** Questions of which the answer is kept. */
const MOST_KEPT = 20

/** @param open throws a GatewayError where no requests are kept */
export function registerTraffic(app: FastifyInstance, open: () => TrafficReader, now: () => number = Date.now): void {
  const answered = rarely((question) => open().traffic(question), now)
  app.get<{ Querystring: Query }>('/v1/admin/traffic', { onRequest: adminsOnly }, async ({ query }) => {
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
    return { object: 'list', ...(await answered({ by, since, until, step })) }
  })
}

/** Whoever asks for a time that ends now gets what another got shortly before. */
function rarely(
  read: TrafficReader['traffic'],
  now: () => number,
): (question: TrafficQuestion) => Promise<TrafficAnswer> {
  const kept = new Map<string, { answer: TrafficAnswer; rest: number; over: number }>()
  return async (question) => {
    const { by, since, until, step } = question
    const began = now()
    const name = `${by} ${until - since} ${step}`
    const known = kept.get(name)
    const later = until - (known?.answer.until ?? Infinity)
    if (known && began < known.over && later >= 0 && later <= known.rest + step) return known.answer
    const answer = { since, until, step, data: await read(question) }
    const rest = RESTS * (now() - began)
    kept.delete(name)
    kept.set(name, { answer, rest, over: now() + rest })
    const [oldest] = kept.keys()
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
    return answer
  }
}
