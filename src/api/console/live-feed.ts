/** GET /v1/admin/live: the state of the pool once a second, as server-sent events, for as long as somebody listens. */
import type { FastifyInstance } from 'fastify'
import type { ServerResponse } from 'node:http'
import { adminsOnly } from '../access/admin.ts'
import type { Running } from '../http/running-requests.ts'
import { createEventStream, type EventStream } from '../http/sse.ts'
import { EVENTS } from '../inbound/inbound-api.ts'
import type { Scheduler, SchedulerReport } from '../../scheduler/types.ts'
import type { Picture } from './page-answers.ts'

/** Milliseconds between two pictures. */
const EVERY = 1000
/** Keys of one picture, and requests of one queue: of more, those that matter are shown, and how many there are. */
const MOST_KEYS = 1000
const MOST_WAITING = 100
/** Milliseconds in which a listener must take something. */
const IDLE = 30_000

export type LiveParts = Pick<Scheduler, 'report' | 'waiting'>

export interface LiveFeedParts {
  scheduler: LiveParts
  running: Pick<Running, 'watch'>
  /** Takes secrets out: reasons may have words of upstreams. */
  redact: (text: string) => string
}

/** The same picture for all who listen. */
export function registerLiveFeed(app: FastifyInstance, { scheduler, running, redact }: LiveFeedParts): void {
  const listeners = new Map<ServerResponse, EventStream>()
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  const eventOf = async (): Promise<string> => `data: ${redact(JSON.stringify(await pictureOf(scheduler)))}\n\n`

  async function show(): Promise<void> {
    const text = await eventOf()
    for (const [response, stream] of listeners) {
      // one that is slow misses pictures; the next one tells all
      if (!response.writableNeedDrain && response.socket?.writableNeedDrain !== true) void stream.write(text)
    }
  }

  async function turn(): Promise<void> {
    try {
      await show()
      if (listeners.size > 0) next()
    } catch {
      // the owner of the scheduler may be stopping: then the feed ends as well
      end()
    }
  }

  function next(): void {
    // whoever came while a picture was made has begun already
    clearTimeout(timer)
    timer = setTimeout(() => {
      void turn()
    }, EVERY).unref()
  }

  function end(): void {
    clearTimeout(timer)
    timer = undefined
    for (const stream of listeners.values()) stream.end('')
    listeners.clear()
  }

  app.get('/v1/admin/live', { onRequest: adminsOnly }, async (_request, reply) => {
    const first = await eventOf()
    reply.hijack()
    const response = reply.raw
    // the client has gone meanwhile, and is not heard to go again
    if (response.destroyed) return
    const stream = createEventStream(response, { heartbeat: 0, clientIdle: IDLE, style: EVENTS })
    stream.open()
    if (isOver) return stream.end(first)
    void stream.write(first)
    listeners.set(response, stream)
    response.on('close', () => {
      listeners.delete(response)
      if (listeners.size > 0) return
      clearTimeout(timer)
      timer = undefined
    })
    if (timer === undefined) next()
  })
  const leave = (): void => {
    isOver = true
    end()
  }
  // whoever listens finds the server that takes this one's place
  running.watch(leave)
  app.addHook('preClose', async () => leave())
}

async function pictureOf(scheduler: LiveParts): Promise<Picture> {
  const [report, waiting] = await Promise.all([scheduler.report(), scheduler.waiting(MOST_WAITING)])
  return { at: Date.now(), keyCount: report.keys.length, ...bounded(report), waiting }
}

/** Keys that do something, or cannot, go before those that are merely ready. */
function bounded(report: SchedulerReport): SchedulerReport {
  if (report.keys.length <= MOST_KEYS) return report
  const isQuiet = ({ state, inFlight }: SchedulerReport['keys'][number]): boolean => state === 'ready' && inFlight === 0
  const chosen = new Set([
    ...report.keys.filter((key) => !isQuiet(key)).slice(0, MOST_KEYS),
    ...report.keys.slice(0, MOST_KEYS),
  ])
  const keys = [...chosen].slice(0, MOST_KEYS)
  const names = new Set(keys.map(({ key }) => key))
  const scopes = report.scopes.filter(
    ({ kind, scope }) => !kind.startsWith('key') || names.has(scope.split(' ')[0] ?? ''),
  )
  return { ...report, keys, scopes: scopes.slice(0, 4 * MOST_KEYS) }
}
