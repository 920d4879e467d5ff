/** Replicate's first answer only says where the real one is: the client waits for that one and never sees the first. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { parseChatRequest } from '../../../src/api/chat-completions/request/parse.ts'
import type { Delta } from '../../../src/chat/delta.ts'
import { attempt } from '../../../src/upstream/attempt.ts'
import { createClient } from '../../../src/upstream/http/client.ts'
import { shippedFormat } from '../replay.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, origin: string) => void

let server: Server | undefined
const client = createClient()

afterEach(() => {
  server?.close()
})

/** A vendor that answers one request after the other; gives what it was asked, as `METHOD path`. */
async function vendor(...answers: Answer[]): Promise<{ origin: string; asked: string[]; keys: unknown[] }> {
  const asked: string[] = []
  const keys: unknown[] = []
  const seen = { origin: '', asked, keys }
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    keys.push(request.headers.authorization)
    request.resume().on('end', () => answers[asked.length - 1]?.(request, response, seen.origin))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  seen.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return seen
}

function json(body: (origin: string) => unknown, status = 200): Answer {
  return (_, response, origin) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body(origin)))
  }
}

async function ask(origin: string, stream: boolean): Promise<Delta[]> {
  const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream })
  const target = { base_url: origin, model: 'meta/llama', secret: 'test-key', headers: {} }
  const { deltas } = await attempt(request, shippedFormat('replicate'), target, {
    client,
    timeouts: { connect: 0, first_byte: 0, idle: 0, total: 0 },
    signal: new AbortController().signal,
    now: () => 0,
    sent: () => {},
    observe: () => {},
    started: () => {},
  })
  const out: Delta[] = []
  for await (const each of deltas) out.push(...each)
  return out
}

const text = (deltas: Delta[]): string => deltas.map((delta) => delta.text ?? '').join('')

test('a stream is read where the prediction says', async () => {
  const { origin, asked, keys } = await vendor(
    json((base) => ({ id: 'p', status: 'starting', urls: { get: `${base}/p`, stream: `${base}/p/stream` } }), 201),
    (request, response) => {
      expect(request.headers.accept).toBe('text/event-stream')
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('event: output\ndata: Hel\n\nevent: output\ndata: lo\n\nevent: done\ndata: {}\n\n')
    },
  )
  expect(text(await ask(origin, true))).toBe('Hello')
  expect(asked).toEqual(['POST /v1/models/meta/llama/predictions', 'GET /p/stream'])
  expect(keys).toEqual(['Bearer test-key', 'Bearer test-key'])
})

test('a whole answer is asked for until it is there', async () => {
  const running = (status: string) => json((base) => ({ id: 'p', status, urls: { get: `${base}/p` } }))
  const { origin, asked } = await vendor(
    running('starting'),
    running('processing'),
    json(() => ({ id: 'p', status: 'succeeded', output: ['Hel', 'lo'], urls: {} })),
  )
  expect(text(await ask(origin, false))).toBe('Hello')
  expect(asked).toEqual(['POST /v1/models/meta/llama/predictions', 'GET /p', 'GET /p'])
})

test('an answer that is there at once is not asked for again', async () => {
  const { origin, asked } = await vendor(json(() => ({ id: 'p', status: 'succeeded', output: 'Hello' })))
  expect(text(await ask(origin, false))).toBe('Hello')
  expect(asked).toHaveLength(1)
})

test('the key goes to no other host', async () => {
  const { origin, asked } = await vendor(
    json(() => ({ id: 'p', status: 'starting', urls: { stream: 'https://replicate.com.evil.example/p' } })),
  )
  await expect(ask(origin, true)).rejects.toMatchObject({ kind: 'bad_answer' })
  expect(asked).toHaveLength(1)
})

test('a fault of the second step is a fault of the answer', async () => {
  const { origin } = await vendor(
    json((base) => ({ id: 'p', status: 'starting', urls: { stream: `${base}/p` } })),
    json(() => ({ title: 'Unauthenticated', detail: 'You did not pass a token' }), 401),
  )
  await expect(ask(origin, true)).rejects.toMatchObject({ kind: 'authentication', status: 401 })
})
