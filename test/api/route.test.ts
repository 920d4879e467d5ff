import { once } from 'node:events'
import net from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { chatCompletions } from '../../src/api/chat-completions/route.ts'
import { errorBody, GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import type { Answer, ChatContext, Gateway } from '../../src/gateway/types.ts'
import { readStream } from './read-stream.ts'

const body = (fields: Record<string, unknown> = {}) => ({
  model: 'm',
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
})
const answer = (deltas: AsyncIterable<Delta[]>, fields: Partial<Answer> = {}): Answer => ({
  model: 'theirs',
  provider: 'acme',
  key: 'acme#1',
  attempts: 2,
  waited: 12.4,
  warnings: [],
  terminated: () => true,
  cost: () => undefined,
  deltas,
  ...fields,
})
async function* each(...reads: Delta[][]): AsyncGenerator<Delta[]> {
  yield* reads
}
const hello = () =>
  answer(
    each(
      [{ text: 'Hel' }],
      [{ text: 'lo' }, { finish_reason: 'stop' }, { usage: { prompt_tokens: 1, completion_tokens: 2 } }],
    ),
  )

let app: FastifyInstance
afterEach(() => app.close())

/** A server on a port of its own; errors become OpenAI's shape as in the real one. */
async function serve(chat: Gateway['chat'], heartbeat = 0): Promise<string> {
  app = Fastify({ forceCloseConnections: true })
  app.setErrorHandler((error, _, reply) => {
    const known = error instanceof GatewayError ? error : new GatewayError('internal', String(error))
    return reply.code(known.status).send(errorBody(known))
  })
  await app.register(chatCompletions, {
    gateway: { chat, estimate: () => 1 },
    heartbeat,
    redact: (text: string) => text.replaceAll('sk-123', 'acme#1'),
  })
  return app.listen({ port: 0, host: '127.0.0.1' })
}

const post = (url: string, wire: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(wire),
  })

describe('a client that wants a whole answer', () => {
  test('gets one, and learns who gave it', async () => {
    const url = await serve(async () => ({ ...hello(), warnings: ['seed: acme has none, left out', 'naïve\n'] }))
    const response = await post(url, body())
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model: 'm',
      choices: [{ message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { total_tokens: 3 },
    })
    const told = Object.fromEntries(
      ['provider', 'model', 'key', 'attempts', 'queue-ms', 'warnings'].map((name) => [
        name,
        response.headers.get(`x-balanced-call-${name}`),
      ]),
    )
    expect(told).toEqual({
      provider: 'acme',
      model: 'theirs',
      key: 'acme#1',
      attempts: '2',
      'queue-ms': '12',
      warnings: 'seed: acme has none, left out; na?ve?',
    })
    expect(response.headers.get('x-request-id')).toBeTruthy()
  })

  test('gets an error with its status when the answer breaks off', async () => {
    const url = await serve(async () => answer(each([{ text: 'Hel' }]), { terminated: () => false }))
    const response = await post(url, body())
    expect([response.status, await response.json()]).toMatchObject([502, { error: { code: 'stream_interrupted' } }])
  })

  test('has its request refused before anybody is called', async () => {
    let calls = 0
    const url = await serve(async () => (calls++, hello()))
    const response = await post(url, body({ messages: [] }))
    expect([response.status, await response.json(), calls]).toMatchObject([
      400,
      { error: { param: 'messages', code: 'empty_array' } },
      0,
    ])
  })

  test('has its body passed on as it came', async () => {
    let seen: ChatRequest | undefined
    const url = await serve(async (request) => ((seen = request), hello()))
    const wire = body({
      temperature: 1,
      top_k: '3',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x', more: 1 }], odd: null }],
    })
    await post(url, wire)
    expect(seen?.body).toEqual(wire)
  })

  test('can say how long it would wait for a key', async () => {
    let seen: ChatContext | undefined
    const url = await serve(async (_, context) => ((seen = context), hello()))
    await post(url, body(), { 'x-max-wait': '1.5' })
    expect(seen?.maxWait).toBe(1500)
  })
})

describe('a client that wants a stream', () => {
  test('gets one, with heads that proxies leave alone', async () => {
    const url = await serve(async () => hello())
    const response = await post(url, body({ stream: true, stream_options: { include_usage: true } }))
    const heads = ['content-type', 'cache-control', 'x-accel-buffering', 'x-balanced-call-provider'].map((name) =>
      response.headers.get(name),
    )
    expect(heads).toEqual(['text/event-stream; charset=utf-8', 'no-cache, no-transform', 'no', 'acme'])
    expect(response.headers.get('x-request-id')).toBeTruthy()
    expect(readStream(await response.text(), true)).toMatchObject({
      text: 'Hello',
      done: true,
      usage: { total_tokens: 3 },
    })
  })

  test('gets a plain error when nothing was said yet', async () => {
    const url = await serve(() => Promise.reject(new GatewayError('rate_limit', 'Full.')))
    const response = await post(url, body({ stream: true }))
    expect([response.status, response.headers.get('content-type')]).toMatchObject([429, /json/])
    expect(await response.json()).toMatchObject({ error: { message: 'Full.' } })
  })

  test('gets an event when the answer fails later', async () => {
    async function* failing(): AsyncGenerator<Delta[]> {
      yield [{ text: 'Hel' }]
      throw new GatewayError('timeout', 'Too slow.')
    }
    const url = await serve(async () => answer(failing()))
    const response = await post(url, body({ stream: true }))
    expect(readStream(await response.text(), false)).toMatchObject({
      text: 'Hel',
      error: { message: 'Too slow.' },
      done: false,
    })
  })

  test('never reads a secret that an upstream’s error repeats', async () => {
    async function* failing(): AsyncGenerator<Delta[]> {
      yield [{ text: 'Hel' }]
      throw new GatewayError('authentication', 'Bad key sk-123.')
    }
    const url = await serve(async () => answer(failing()))
    const text = await (await post(url, body({ stream: true }))).text()
    expect(readStream(text, false).error?.message).toBe('Bad key acme#1.')
  })

  test('sees signs of life while it waits, and then its answer', async () => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const url = await serve(() => promise, 5)
    const { before, rest } = await signsOfLife(await post(url, body({ stream: true })))
    expect(before.replaceAll(': keep-alive\n', '')).toBe('')
    resolve(hello())
    expect(readStream((await rest()).replaceAll(': keep-alive\n', ''), false)).toMatchObject({
      text: 'Hello',
      done: true,
    })
  })

  test('that saw signs of life gets a late fault as an event', async () => {
    const { promise, reject } = Promise.withResolvers<Answer>()
    const url = await serve(() => promise, 5)
    const response = await post(url, body({ stream: true }))
    const { rest } = await signsOfLife(response)
    reject(new GatewayError('rate_limit', 'Full.'))
    expect(response.status).toBe(200)
    expect(readStream((await rest()).replaceAll(': keep-alive\n', ''), false).error).toMatchObject({
      message: 'Full.',
    })
  })

  test('that reads slowly slows the upstream down', async () => {
    const piece = 'x'.repeat(64 * 1024)
    let given = 0
    async function* endless(): AsyncGenerator<Delta[]> {
      for (; given < 2000; given++) yield [{ text: piece }]
      yield [{ finish_reason: 'stop' }]
    }
    const url = await serve(async () => answer(endless()))
    const socket = await dial(url, body({ stream: true }))
    await once(socket, 'readable')
    let before = -1
    // The upstream has stopped when two looks, with the event loop turned many times between, see the same.
    while (given !== before) {
      before = given
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(given).toBeLessThan(1000)
    socket.destroy()
  })
})

describe('a client that goes', () => {
  test.each([
    ['a stream', true],
    ['a whole answer', false],
  ])('before %s began has the upstream stopped', async (_, stream) => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>()
    const { promise: called, resolve: call } = Promise.withResolvers<void>()
    const url = await serve((_, { signal }) => {
      call()
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => (resolve(signal.reason), reject(signal.reason as Error)))
      })
    })
    const socket = await dial(url, body({ stream }))
    await called
    socket.destroy()
    expect(await aborted).toMatchObject({ kind: 'cancelled', status: 499 })
  })

  test('in the middle of a stream has the upstream stopped', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>()
    const url = await serve(async (_, { signal }) => {
      async function* halfway(): AsyncGenerator<Delta[]> {
        yield [{ text: 'Hel' }]
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => (resolve(signal.reason), reject(signal.reason as Error))),
        )
      }
      return answer(halfway())
    })
    const socket = await dial(url, body({ stream: true }))
    await once(socket, 'data')
    socket.destroy()
    expect(await aborted).toMatchObject({ kind: 'cancelled' })
  })

  test('after its answer is no abort', async () => {
    let signal: ChatContext['signal'] | undefined
    const url = await serve(async (_, context) => ((signal = context.signal), hello()))
    await (await post(url, body(), { connection: 'close' })).text()
    await app.close()
    expect(signal?.aborted).toBe(false)
  })
})

/** Reads until two heartbeats came; then the rest can be had. */
async function signsOfLife(response: Response): Promise<{ before: string; rest: () => Promise<string> }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let before = ''
  while (before.split(': keep-alive').length < 3) before += (await reader?.read())?.value ?? ''
  const rest = async (): Promise<string> => {
    let text = ''
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) text += read.value
    return text
  }
  return { before, rest }
}

async function dial(url: string, wire: unknown): Promise<net.Socket> {
  const { port, hostname } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  await once(socket, 'connect')
  const payload = JSON.stringify(wire)
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`,
  )
  return socket
}
