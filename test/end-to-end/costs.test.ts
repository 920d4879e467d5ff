/** What an answer costs is told beside it, in the log and on the page of counters, by each API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { costOf } from '../../src/chat/price.ts'
import { EVENT_STREAM, startVendor, type Vendor } from '../faults/vendor.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

const price = { input: 3, output: 15, cached: 0.3 }
const providers = {
  sandbox: { ...SANDBOX.providers.sandbox, models: { 'sandbox-fast': { price }, 'sandbox-other': {} } },
}
const models = { fast: ['sandbox/sandbox-fast'], other: ['sandbox/sandbox-other'] }

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({
    providers,
    models,
    server: { api_keys: { alice: 'key-of-alice' }, admin_keys: ['key-of-admin'] },
  })
})
afterAll(() => gateway.close())

const messages = [{ role: 'user', content: 'Hello there' }]

function post(path: string, body: object, key = 'key-of-alice'): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-goog-api-key': key }
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** The last line of the log that tells of a request. */
function lastLine(): Record<string, unknown> {
  const line = gateway.lines
    .flatMap((each) => each.trim().split('\n'))
    .findLast((each) => each.includes('"msg":"chat"'))
  return JSON.parse(line ?? '{}') as Record<string, unknown>
}

describe('a whole answer', () => {
  test.each([
    ['/v1/chat/completions', { model: 'fast', messages }],
    ['/v1/messages', { model: 'fast', messages, max_tokens: 50 }],
    ['/v1/responses', { model: 'fast', input: 'Hello there' }],
    ['/v1beta/models/fast:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] }],
  ])('tells its cost in a header: %s', async (path, body) => {
    const before = gateway.lines.length
    const answer = await post(path, body)
    expect(answer.status).toBe(200)
    const told = Number(answer.headers.get('x-balanced-call-cost'))
    const lines = gateway.lines.slice(before).map((line) => JSON.parse(line) as Record<string, number>)
    const costs = lines.map(({ input_tokens, output_tokens, cached_tokens }) =>
      costOf(price, { input: input_tokens, output: output_tokens, cached: cached_tokens }),
    )
    expect(told).toBeGreaterThan(0)
    expect(told).toBeCloseTo(
      costs.reduce((sum, cost) => sum + cost, 0),
      8,
    )
    expect(lines.reduce((sum, line) => sum + (line['cost'] ?? 0), 0)).toBeCloseTo(told, 8)
  })

  test('of a model without a price tells none', async () => {
    const answer = await post('/v1/chat/completions', { model: 'other', messages })
    expect(answer.status).toBe(200)
    expect(answer.headers.has('x-balanced-call-cost')).toBe(false)
    expect(lastLine()).not.toHaveProperty('cost')
  })
})

test('a stream of chat completions tells its cost in its usage, any stream in the log', async () => {
  const answer = await post('/v1/chat/completions', {
    model: 'fast',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  const events = (await answer.text()).split('\n').filter((line) => line.startsWith('data: {'))
  const usage = events
    .map((line) => (JSON.parse(line.slice(6)) as { usage?: Record<string, number> }).usage)
    .findLast((each) => each)
  expect(usage?.['cost']).toBeCloseTo(
    costOf(price, { input: usage?.['prompt_tokens'], output: usage?.['completion_tokens'] }),
    9,
  )
  expect(lastLine()['cost']).toBeCloseTo(usage?.['cost'] ?? 0, 8)
  for (const [path, body] of [
    ['/v1/messages', { model: 'fast', messages, max_tokens: 50, stream: true }],
    ['/v1/responses', { model: 'fast', input: 'Hello there', stream: true }],
  ] as const) {
    const streamed = await (await post(path, body)).text()
    expect(streamed).not.toContain('"cost"')
    expect(lastLine()['cost']).toBeGreaterThan(0)
  }
})

test('the page of counters has it by client, provider and model', async () => {
  await post('/v1/chat/completions', { model: 'fast', messages })
  const page = await fetch(`${gateway.url}/metrics`, { headers: { authorization: 'Bearer key-of-admin' } })
  expect(await page.text()).toMatch(
    /^balanced_call_cost_dollars_total\{client="alice",provider="sandbox",model="sandbox-fast"\} 0\.\d+/m,
  )
})

describe('an answer that took several calls of models', () => {
  const iterations = [
    { type: 'compaction', input_tokens: 100, cache_creation: null, output_tokens: 10 },
    { type: 'message', input_tokens: 20, cache_read_input_tokens: 5, output_tokens: 2 },
    { type: 'advisor_message', model: 'claude-y', input_tokens: 7, output_tokens: 3 },
    { type: 'message', model: 'claude-unknown', input_tokens: 1, output_tokens: 1 },
  ]
  const usage = { input_tokens: 20, cache_read_input_tokens: 5, output_tokens: 2, iterations }
  /** In millionths of a dollar, by hand: 101 + 20 tokens of input, 5 cached, 13 of output; and 7 and 3 of the other model. */
  const COST = (121 * 1 + 5 * 0.5 + 13 * 2 + 7 * 100 + 3 * 200) / 1e6

  let vendor: Vendor
  let claude: TestGateway
  beforeAll(async () => {
    vendor = await startVendor(({ response, stream, body }) => {
      const head = { id: 'msg_1', type: 'message', role: 'assistant', model: body['model'] }
      if (!stream) {
        const content = [{ type: 'text', text: 'Hi' }]
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ...head, content, stop_reason: 'end_turn', usage }))
        return
      }
      const events = [
        { type: 'message_start', message: { ...head, content: [], usage: { input_tokens: 20, output_tokens: 0 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
        { type: 'message_stop' },
      ]
      const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      response.writeHead(200, EVENT_STREAM).end(text.join(''))
    })
    const priced = {
      'claude-x': { price: { input: 1, cached: 0.5, output: 2 } },
      'claude-y': { price: { input: 100, output: 200 } },
    }
    claude = await startGateway({
      providers: { claude: { format: 'anthropic', base_url: vendor.url, keys: ['key-one-0001'], models: priced } },
    })
  })
  afterAll(async () => {
    await claude.close()
    await vendor.close()
  })

  test.each(['/v1/chat/completions', '/v1/messages'])('costs what they cost, each by its model: %s', async (path) => {
    for (const stream of [false, true]) {
      const answer = await fetch(`${claude.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'claude/claude-x', messages, max_tokens: 50, stream }),
      })
      const text = await answer.text()
      expect(answer.status).toBe(200)
      if (!stream) expect(Number(answer.headers.get('x-balanced-call-cost'))).toBeCloseTo(COST, 8)
      const line = JSON.parse(claude.lines.findLast((each) => each.includes('"msg":"chat"')) ?? '{}') as object
      // what the answer itself used is told as the vendor tells it
      expect(line).toMatchObject({ input_tokens: 25, output_tokens: 2, cost: expect.closeTo(COST, 8) as number })
      if (path === '/v1/messages') expect(text).toContain('"advisor_message"')
      else if (!stream) expect(JSON.parse(text)).toMatchObject({ usage: { prompt_tokens: 25, total_tokens: 27 } })
      else expect(text).not.toContain('iterations')
    }
  })
})
