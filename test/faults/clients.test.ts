/** What clients do that a server must survive: leave at any moment, stop reading, ask for too much, ask while it stops. */
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { answerWell, EVENT_STREAM, firstPiece, restPieces, ROLE, startVendor, type Act, type Vendor } from './vendor.ts'

let vendor: Vendor | undefined
let gateway: TestGateway | undefined

afterEach(async () => {
  await expect.poll(() => gateway?.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(0)
  await gateway?.close()
  await expect.poll(() => vendor?.open(), { interval: 2, timeout: 30_000 }).toBe(0)
  await vendor?.close()
})

async function start(
  act: Act,
  server: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<{ vendor: Vendor; gateway: TestGateway }> {
  vendor = await startVendor(act)
  gateway = await startGateway({
    providers: { vendor: { format: 'openai', base_url: vendor.url, keys: ['key-one-0001'], ...more } },
    server: { heartbeat: 0, ...server },
  })
  return { vendor, gateway }
}

const BODY = { model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }

function ask(url: string, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...BODY, ...body }),
    ...init,
  })
}

/** A raw client, for what no HTTP library does. */
function raw(url: string, text: string): Promise<Socket> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text)
      resolve(socket)
    })
    socket.on('error', reject)
  })
}

function request(body: object): string {
  const text = JSON.stringify({ ...BODY, ...body })
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

async function told(socket: Socket): Promise<string> {
  let text = ''
  for await (const bytes of socket) text += String(bytes)
  return text
}

const well: Act = (call) => answerWell(call, 'text')
const silent: Act = () => {}
const half: Act = ({ response }) => void response.writeHead(200, EVENT_STREAM).write(ROLE + firstPiece('text'))

/** Milliseconds: a few where the machine has nothing else to do, and no timeout is as short where it has. */
const AT_ONCE = 2000

describe('a client that leaves', () => {
  const moments: [string, Act, boolean][] = [
    ['before the first byte of a stream', silent, true],
    ['before the first byte of a whole answer', silent, false],
    ['in the middle of a stream', half, true],
  ]
  it.each(moments)('%s ends the upstream call at once', async (_, act, stream) => {
    const started = await start(act)
    const leaving = new AbortController()
    const answer = ask(started.gateway.url, { stream }, { signal: leaving.signal }).catch(() => undefined)
    await expect.poll(() => started.vendor.calls.length, { interval: 2, timeout: 30_000 }).toBe(1)
    if (act === half) await (await answer)?.body?.getReader().read()
    const closed = new Promise((resolve) => started.vendor.calls[0]?.socket.once('close', resolve))
    const left = performance.now()
    leaving.abort()
    await closed
    expect(performance.now() - left).toBeLessThan(AT_ONCE)
    await answer
  })

  it('in the queue is forgotten at once, and its upstream is never asked', async () => {
    const started = await start(half, {}, { limits: { concurrency: 1 } })
    const first = new AbortController()
    const second = new AbortController()
    await ask(started.gateway.url, { stream: true }, { signal: first.signal })
    const waiting = ask(started.gateway.url, { stream: true }, { signal: second.signal }).catch(() => undefined)
    await expect.poll(() => started.gateway.app.scheduler.report().queued, { interval: 2, timeout: 30_000 }).toBe(1)
    const left = performance.now()
    second.abort()
    await expect.poll(() => started.gateway.app.scheduler.report().queued, { interval: 1, timeout: 30_000 }).toBe(0)
    expect(performance.now() - left).toBeLessThan(AT_ONCE)
    await waiting
    first.abort()
    expect(started.vendor.calls).toHaveLength(1)
  })

  it.each([true, false])('by closing only its own half is gone, too; streamed: %s', async (stream) => {
    const started = await start(stream ? half : silent)
    const socket = await raw(started.gateway.url, request({ stream }))
    await expect.poll(() => started.vendor.calls.length, { interval: 2, timeout: 30_000 }).toBe(1)
    const closed = new Promise((resolve) => started.vendor.calls[0]?.socket.once('close', resolve))
    socket.end()
    await closed
    socket.destroy()
  })
})

describe('a client that does not read', () => {
  it(
    'slows its upstream down instead of filling the memory, and is cut off at the limit',
    { timeout: 60_000 },
    async () => {
      const piece = restPieces('text').split('\n\n')[0] ?? ''
      const block = `${piece}\n\n`.repeat(256)
      let written = 0
      const flood: Act = ({ response }) => {
        response.writeHead(200, EVENT_STREAM).write(ROLE + firstPiece('text'))
        const pump = (): void => {
          while (!response.destroyed) {
            written += block.length
            if (!response.write(block)) return void response.once('drain', pump)
          }
        }
        pump()
      }
      const started = await start(flood, { client_idle: 300 })
      const socket = await raw(started.gateway.url, request({ stream: true }))
      socket.pause()
      await expect.poll(() => started.vendor.calls.length, { interval: 2, timeout: 30_000 }).toBe(1)
      await new Promise((resolve) => started.vendor.calls[0]?.socket.once('close', resolve))
      // what the sockets of both sides hold, and no more
      expect(written).toBeLessThan(32 * 1024 * 1024)
      socket.destroy()
    },
  )
})

describe('a client that asks for too much', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  const refusals: [string, object, Record<string, unknown>, string][] = [
    ['a body that is too large', { user: 'x'.repeat(2000) }, { max_body: 1000 }, 'server.max_body'],
    ['JSON that is nested too deep', { metadata: nested(5000) }, {}, 'server.bounds.json_depth'],
    [
      'too many messages',
      { messages: Array(9).fill(BODY.messages[0]) },
      { bounds: { messages: 8 } },
      'server.bounds.messages',
    ],
    [
      'too many tools',
      { tools: Array.from({ length: 3 }, () => ({ type: 'function', function: { name: 'f' } })) },
      { bounds: { tools: 2 } },
      'server.bounds.tools',
    ],
  ]
  it.each(refusals)('is told which bound it met: %s', async (_, body, server, named) => {
    const started = await start(well, server)
    const answer = await ask(started.gateway.url, body)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining(named) } })
    expect(started.vendor.calls).toHaveLength(0)
  })

  it('is told so of its headers', async () => {
    const started = await start(well, { bounds: { headers: 2000 } })
    const socket = await raw(
      started.gateway.url,
      `GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(4000)}\r\n\r\n`,
    )
    const text = await told(socket)
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
    expect(text).toContain('server.bounds.headers')
  })

  it('is told so of what is no HTTP', async () => {
    const started = await start(well)
    const socket = await raw(started.gateway.url, 'what?\r\n\r\n')
    expect(await told(socket)).toContain('invalid_request_error')
  })
})

describe('a server that stops', () => {
  it('lets running streams end, refuses new requests, and then closes', async () => {
    let release: (() => void) | undefined
    const started = await start(({ response }) => {
      response.writeHead(200, EVENT_STREAM).write(ROLE + firstPiece('text'))
      release = () => response.end(restPieces('text'))
    })
    const running = await ask(started.gateway.url, { stream: true })
    await expect.poll(() => release !== undefined, { interval: 2, timeout: 30_000 }).toBe(true)
    const stopped = started.gateway.app.close()
    const refused = await ask(started.gateway.url, {})
    expect(refused.status).toBe(503)
    expect(refused.headers.get('connection')).toBe('close')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down' } })
    const health = await fetch(`${started.gateway.url}/health`)
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'stopping' }])
    release?.()
    expect(await running.text()).toMatch(/data: \[DONE\]\n\n$/)
    await stopped
    await expect(ask(started.gateway.url, {})).rejects.toThrow()
  })

  it('tells those that ran too long', async () => {
    const started = await start(half, { shutdown: 50 })
    const running = await ask(started.gateway.url, { stream: true })
    await Promise.all([
      started.gateway.app.close(),
      running.text().then((text) => expect(text).toContain('shutting_down')),
    ])
  })
})
