/**
 * POST /v1/admin/plan: how many keys it takes to serve traffic of before, from a file or from the log of requests. Server-sent
 * events: `{"runs": n, "requests": n}` after each run of the traffic, then `{"report": …}` or `{"error": {"message", "code"}}`;
 * what cannot be planned for at all is refused by its status before the first of them.
 */
import type { FastifyInstance } from 'fastify'
import type { ServerResponse } from 'node:http'
import { GatewayError, messageOf } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { createEventStream, type EventStream } from '../http/sse.ts'
import { EVENTS } from '../inbound/inbound-api.ts'
import type { PlanAnswer, PlanProgress } from './page-answers.ts'

export interface PlanQuestion {
  /** CSV text, see `balanced-call plan --help`; absent: the log of requests. */
  trace?: string
  /** Of the log: how far back. */
  hours: number
  /** The public model that serves it, or `provider/model`. */
  model: string
  /** Percentage that is to be served. */
  target: number
  /** How many times as fast requests come. */
  speed: number
}

/** Rejects with a GatewayError. */
export type Planner = (
  question: PlanQuestion,
  tell: (progress: PlanProgress) => void,
  signal: AbortSignal,
) => Promise<PlanAnswer>

/** Bytes of a question: 100,000 rows of a trace and more. */
const MOST = 4 * 1024 * 1024
const MOST_HOURS = 24 * 31
/** Milliseconds. */
const HEARTBEAT = 5000
const IDLE = 30_000

export function registerPlan(app: FastifyInstance, plan: Planner, redact: (text: string) => string): void {
  const running = new Set<AbortController>()
  app.post('/v1/admin/plan', { onRequest: adminsOnly, bodyLimit: MOST }, async (request, reply) => {
    refuseOtherSites(request)
    const question = questionIn(request.body)
    const response = reply.raw
    const stop = new AbortController()
    const leave = (): void => stop.abort()
    running.add(stop)
    response.on('close', leave)
    let stream: EventStream | undefined
    const say = (event: object): void => {
      stream ??= opened(response, () => void reply.hijack())
      void stream.write(eventOf(event, redact))
    }
    try {
      say({ report: await plan(question, say, stop.signal) })
      stream?.end('')
    } catch (cause) {
      if (!stream) throw cause
      const told = cause instanceof GatewayError ? cause : new GatewayError('internal', 'The plan failed.', { cause })
      stream.end(eventOf({ error: { message: messageOf(told), code: told.code } }, redact))
    } finally {
      running.delete(stop)
      response.off('close', leave)
    }
  })
  // a server that stops waits for no plan
  app.addHook('preClose', async () => running.forEach((stop) => stop.abort()))
}

function opened(response: ServerResponse, hijack: () => void): EventStream {
  hijack()
  const stream = createEventStream(response, { heartbeat: HEARTBEAT, clientIdle: IDLE, style: EVENTS })
  stream.open()
  return stream
}

function eventOf(event: object, redact: (text: string) => string): string {
  return `data: ${redact(JSON.stringify(event))}\n\n`
}

/** Throws a GatewayError. */
function questionIn(body: unknown): PlanQuestion {
  if (!isRecord(body))
    throw new GatewayError('invalid_request', 'Send a JSON object, such as {"model":"fast","hours":24}.')
  const { trace, model } = body
  if (trace !== undefined && typeof trace !== 'string') throw wrong('trace', 'is the text of a CSV file')
  if (typeof model !== 'string' || model === '')
    throw wrong('model', 'is the name of a public model, or provider/model')
  return {
    ...(trace !== undefined && { trace }),
    model,
    hours: numberOf(body, 'hours', 24, MOST_HOURS),
    target: numberOf(body, 'target', 99, 100),
    speed: numberOf(body, 'speed', 1, 1000),
  }
}

function numberOf(body: Record<string, unknown>, name: string, usual: number, most: number): number {
  const value = body[name] ?? usual
  if (typeof value === 'number' && value > 0 && value <= most) return value
  throw wrong(name, `is a number above 0, ${most} at most`)
}

function wrong(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${what}.`, { param })
}
