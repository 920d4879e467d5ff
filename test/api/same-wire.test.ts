/** A client and an upstream of the same API: nothing is changed on the way, and the gateway's own work is done all the same. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'

interface Call {
  url: string
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
}

let vendor: Server | undefined
let gateway: TestGateway | undefined
afterEach(async () => {
  await gateway?.close()
  vendor?.closeAllConnections()
  vendor?.close()
})

/** A vendor and a gateway in front of it. @param more what the pool has beside its routes */
async function start(
  format: string,
  answer: (response: ServerResponse, call: Call, count: number) => void,
  more: Record<string, unknown> = {},
): Promise<Call[]> {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      const call = { url: request.url ?? '', headers: request.headers, body: JSON.parse(text) as Call['body'] }
      calls.push(call)
      answer(response, call, calls.length)
    })
  })
  vendor = server
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  gateway = await startGateway({
    providers: { vendor: { format, base_url, keys: ['secret-1', 'secret-2'] } },
    models: { pool: { routes: ['vendor/real-model'], ...more } },
  })
  return calls
}

async function ask(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway?.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const REQUEST = {
  model: 'pool',
  max_tokens: 10,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi' },
        { type: 'brand_new', x: 1 },
      ],
    },
  ],
  context_management: { edits: [] },
  unknown_field: { deep: [1, null] },
}

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const START = event('message_start', {
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'x',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
})
const textEvents = (text: string): string =>
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })

describe('Messages over an upstream of Messages', () => {
  it('sends the body as it came, with the upstream model, the betas and the key', async () => {
    const whole = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'real-model',
      content: [{ type: 'text', text: 'Hello', citations: [{ new: true }] }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 2, extra: { y: 1 } },
    }
    const calls = await start('anthropic', (response) => json(response, whole))
    const answer = await ask('/v1/messages?beta=true', REQUEST, {
      'x-api-key': 'any',
      'anthropic-beta': 'one,two',
      'anthropic-version': '2030-01-01',
    })
    expect(await answer.json()).toEqual(whole)
    expect(answer.headers.get('x-balanced-call-provider')).toBe('vendor')
    expect(calls[0]?.body).toEqual({ ...REQUEST, model: 'real-model' })
    expect(calls[0]?.headers).toMatchObject({
      'anthropic-beta': 'one,two',
      'anthropic-version': '2030-01-01',
      'x-api-key': 'secret-1',
    })
    expect(gateway?.lines.join('')).toMatch(/"input_tokens":3,"output_tokens":2/)
  })

  it('gives a stream event for event', async () => {
    const events = [
      START,
      event('content_block_start', {
        index: 0,
        content_block: { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 2 },
        brand_new: 1,
      }),
      event('message_stop'),
    ]
    await start('anthropic', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events.join(''))
    })
    const answer = await ask('/v1/messages', { ...REQUEST, stream: true })
    expect(await answer.text()).toBe(events.join(''))
  })

  it('goes on with another key after a refusal, and tells the last one in its own shape', async () => {
    const refusal = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const calls = await start('anthropic', (response) => json(response, refusal, 529))
    const answer = await ask('/v1/messages', REQUEST)
    expect(answer.status).toBe(529)
    expect(await answer.json()).toMatchObject(refusal)
    expect(new Set(calls.map(({ headers }) => headers['x-api-key'])).size).toBe(2)
  })

  it('tells a stream that breaks off by an error event', async () => {
    await start('anthropic', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(START + textEvents('Once'), () => response.destroy())
    })
    const text = await (await ask('/v1/messages', { ...REQUEST, stream: true })).text()
    expect(text).toContain('"text":"Once"')
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"api_error"/)
  })

  it('goes on in the open block when a broken stream is resumed', async () => {
    await start(
      'anthropic',
      (response, _call, count) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const end =
          event('content_block_stop', { index: 0 }) +
          event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }) +
          event('message_stop')
        if (count === 1) response.write(START + textEvents('Once upon a time, '), () => response.destroy())
        else response.end(START + textEvents('there was a king who had three daughters and a horse.') + end)
      },
      // a model that goes on from a last message of the assistant
      { resume: true, routes: ['vendor/claude-sonnet-4-5'] },
    )
    const text = await (
      await ask('/v1/messages', {
        ...REQUEST,
        messages: [{ role: 'user', content: 'Tell' }],
        model: 'pool',
        stream: true,
      })
    ).text()
    const told = [...text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, each]) => each).join('')
    expect(text.match(/event: message_start/g)).toHaveLength(1)
    expect(text.match(/event: content_block_start/g)).toHaveLength(1)
    expect(text.match(/event: message_stop/g)).toHaveLength(1)
    expect(told).toContain('Once upon a time, there was a king')
  })

  it('counts tokens exactly', async () => {
    const calls = await start('anthropic', (response) => json(response, { input_tokens: 42 }))
    const answer = await ask('/v1/messages/count_tokens', { model: 'pool', messages: REQUEST.messages })
    expect(await answer.json()).toEqual({ input_tokens: 42 })
    expect(answer.headers.get('x-balanced-call-token-count')).toBe('upstream')
    expect(calls[0]).toMatchObject({ url: '/v1/messages/count_tokens', body: { model: 'real-model' } })
  })
})

describe('generateContent over an upstream of generateContent', () => {
  const body = {
    contents: [{ role: 'user', parts: [{ text: 'Hi' }, { brandNew: { x: 1 } }] }],
    safetySettings: [{ a: 1 }],
  }
  const whole = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'Hello', brandNew: 1 }] },
        finishReason: 'STOP',
        groundingMetadata: { z: 1 },
      },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 },
  }

  it('sends the body and gives the answer as they came', async () => {
    const calls = await start('gemini', (response) => json(response, whole))
    const answer = await ask('/v1beta/models/pool:generateContent', body, { 'x-goog-api-key': 'any' })
    expect(await answer.json()).toEqual(whole)
    expect(calls[0]).toMatchObject({ url: '/v1beta/models/real-model:generateContent', body })
    expect(calls[0]?.body).toEqual(body)
  })

  it('gives a stream as events, or as the elements of an array', async () => {
    await start('gemini', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(whole)}\r\n\r\n`)
    })
    const path = '/v1beta/models/pool:streamGenerateContent'
    expect(await (await ask(`${path}?alt=sse`, body)).text()).toBe(`data: ${JSON.stringify(whole)}\r\n\r\n`)
    expect(await (await ask(path, body)).json()).toEqual([whole])
  })

  it('tells a refusal in its own shape, with the time to come back', async () => {
    await start('gemini', (response) => {
      const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7200s' }]
      json(response, { error: { code: 429, message: 'Too many', status: 'RESOURCE_EXHAUSTED', details } }, 429)
    })
    const answer = await ask('/v1beta/models/pool:generateContent', body, { 'x-max-wait': '100ms' })
    expect(answer.status).toBe(429)
    expect(await answer.json()).toMatchObject({
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        details: [{ retryDelay: expect.stringMatching(/^\d+(\.\d+)?s$/) }],
      },
    })
  })
})

describe('Responses over an upstream of Responses', () => {
  it('counts tokens exactly, what came before included', async () => {
    const said = { id: 'resp_1', object: 'response', status: 'completed', output: [] }
    const count = { object: 'response.input_tokens', input_tokens: 42 }
    const calls = await start('openai-responses', (response, { url }) =>
      json(response, url.endsWith('/input_tokens') ? count : said),
    )
    const answer = await ask('/v1/responses/input_tokens', { model: 'pool', input: 'Hi' })
    expect(await answer.json()).toEqual(count)
    expect(answer.headers.get('x-balanced-call-token-count')).toBe('upstream')
    expect(calls[0]).toMatchObject({ url: '/responses/input_tokens', body: { model: 'real-model', input: 'Hi' } })
  })

  it('ends as the response that had begun, when it fails', async () => {
    const begun = { id: 'resp_1', object: 'response', created_at: 1_764_000_000, service_tier: 'flex', output: [] }
    const part = { type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: 'Hi' }
    await start('openai-responses', (response) => {
      const events = [
        { type: 'response.created', sequence_number: 0, response: { ...begun, status: 'in_progress' } },
        { ...part, sequence_number: 1 },
        { type: 'error', sequence_number: 2, code: 'server_error', message: 'It fell over', param: null },
      ]
      const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
    })
    const text = await (await ask('/v1/responses', { model: 'pool', input: 'Hi', stream: true })).text()
    const last: unknown = JSON.parse(text.trim().split('\n').at(-1)?.slice('data: '.length) ?? '')
    expect(last).toMatchObject({
      type: 'response.failed',
      sequence_number: 2,
      response: { ...begun, status: 'failed', error: { code: 'server_error', message: 'It fell over' } },
    })
  })
})

describe('Responses over chat', () => {
  it('tells the bytes of tokens, which chat may leave out', async () => {
    const logprobs = {
      content: [{ token: 'ü', logprob: -1, bytes: null, top_logprobs: [{ token: 'u', logprob: -2 }] }],
    }
    const message = { role: 'assistant', content: 'ü' }
    await start('openai', (response) => json(response, { id: 'c', choices: [{ index: 0, message, logprobs }] }))
    const answer = (await (await ask('/v1/responses', { model: 'pool', input: 'Hi' })).json()) as {
      output: { content: { logprobs: unknown }[] }[]
    }
    expect(answer.output[0]?.content[0]?.logprobs).toEqual([
      { token: 'ü', logprob: -1, bytes: [195, 188], top_logprobs: [{ token: 'u', logprob: -2, bytes: [117] }] },
    ])
  })
})
