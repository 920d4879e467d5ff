/** The feed of the pool: who comes and goes at a bad moment leaves nothing behind, and no secret is in a picture. */
import { once } from 'node:events'
import { get, type ClientRequest, type IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRunning, type Running } from '../../src/api/http/running-requests.ts'
import { registerLiveFeed } from '../../src/api/console/live-feed.ts'
import type { SchedulerReport } from '../../src/scheduler/types.ts'

const REPORT: SchedulerReport = {
  inFlight: 0,
  queued: 0,
  scopes: [],
  rests: [{ scope: 'acme', kind: 'provider', reason: 'bad key the-secret' }],
  keys: [],
  pools: [],
}
let app: FastifyInstance
let port: number
let running: Running
/** Pictures that are being made. */
let asked: PromiseWithResolvers<SchedulerReport>[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  asked = []
  app = Fastify()
  app.decorateRequest('isAdmin', true)
  const report = (): Promise<SchedulerReport> => {
    const made = Promise.withResolvers<SchedulerReport>()
    asked.push(made)
    return made.promise
  }
  running = createRunning()
  registerLiveFeed(app, {
    scheduler: { report, waiting: () => [] },
    running,
    redact: (text) => text.replaceAll('the-secret', '[acme#1]'),
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as { port: number }).port
})
afterEach(async () => {
  vi.useRealTimers()
  await app.close()
})

/** Until the server has seen what happened. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

async function come(): Promise<ClientRequest> {
  const before = asked.length
  const request = get({ port, host: '127.0.0.1', path: '/v1/admin/live', agent: false }).on('error', () => {})
  await until(() => asked.length > before)
  return request
}

async function heard(request: ClientRequest): Promise<string> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const [piece] = (await once(response, 'data')) as [Buffer]
  return piece.toString()
}

async function go(request: ClientRequest): Promise<void> {
  const closed = connections() - 1
  request.destroy()
  await until(() => connections() === closed)
}

let open = 0
const connections = (): number => open
beforeEach(() => {
  open = 0
  app.server.on('connection', (socket) => {
    open++
    socket.on('close', () => open--)
  })
})

test('no secret is in a picture, whoever said it', async () => {
  const request = await come()
  asked[0]?.resolve(REPORT)
  const text = await heard(request)
  expect(text).toContain('bad key [acme#1]')
  await go(request)
})

test('who goes before the first picture is there is not shown any', async () => {
  const request = await come()
  await go(request)
  asked[0]?.resolve(REPORT)
  await new Promise((resolve) => setImmediate(resolve))
  // a server's timers of the connection end a little after it
  await until(() => vi.getTimerCount() === 0)
})

test('who comes while the picture of one that has gone is made begins no second feed', async () => {
  const first = await come()
  asked[0]?.resolve(REPORT)
  await heard(first)
  vi.advanceTimersByTime(1000)
  await until(() => asked.length === 2)
  await go(first)
  const second = await come()
  asked[2]?.resolve(REPORT)
  await heard(second)
  asked[1]?.resolve(REPORT)
  await new Promise((resolve) => setImmediate(resolve))
  expect(vi.getTimerCount()).toBe(1)
  await go(second)
})

test('who comes while the server stops does not hold it up', async () => {
  const request = await come()
  const stopped = app.close()
  await new Promise((resolve) => setImmediate(resolve))
  asked[0]?.resolve(REPORT)
  expect(await heard(request)).toContain('"keys":[]')
  await stopped
  expect(vi.getTimerCount()).toBe(0)
})

test('who watches is sent away when another server takes this one’s place', async () => {
  const request = await come()
  asked[0]?.resolve(REPORT)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const ended = once(response.resume(), 'end')
  running.leave()
  await ended
  expect(vi.getTimerCount()).toBe(0)
})
