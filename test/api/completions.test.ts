/** POST /v1/completions: as it came to upstreams of that wire, as a chat to all others. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

interface Seen {
  path: string
  body: Record<string, unknown>
}

const seen: Seen[] = []
let upstream: Server
let gateway: TestGateway
let client: OpenAI

const TEXT = {
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'base',
  choices: [{ index: 0, text: ' fib', logprobs: null, finish_reason: 'length', own: 1 }],
}
const USAGE = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 }

function reply({ path, body }: Seen): { type: string; text: string } {
  if (path === '/completions') {
    if (body['stream'] !== true) return { type: 'application/json', text: JSON.stringify({ ...TEXT, usage: USAGE }) }
    const events = [TEXT, { ...TEXT, choices: [], usage: USAGE }].map((each) => `data: ${JSON.stringify(each)}\n\n`)
    return { type: 'text/event-stream', text: `${events.join('')}data: [DONE]\n\n` }
  }
  const messages = body['messages'] as { content: string }[]
  const logprobs = {
    content: [{ token: 'It', logprob: -0.5, bytes: null, top_logprobs: [{ token: 'A', logprob: -2 }] }],
  }
  const choices = [
    {
      index: 0,
      message: { role: 'assistant', content: `It: ${messages[0]?.content}`, refusal: null },
      logprobs: body['logprobs'] === true ? logprobs : null,
      finish_reason: 'stop',
    },
  ]
  const chat = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices, usage: USAGE }
  return { type: 'application/json', text: JSON.stringify(chat) }
}

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      const call = { path: request.url ?? '', body: JSON.parse(text) as Record<string, unknown> }
      seen.push(call)
      const said = reply(call)
      response.setHeader('content-type', said.type)
      response.end(said.text)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  gateway = await startGateway({
    providers: {
      ...SANDBOX.providers,
      base: { format: 'vllm', base_url, keys: ['test-key'] },
      chat: { format: 'groq', base_url, keys: ['test-key'] },
      oai: { format: 'openai', base_url, keys: ['test-key'] },
    },
    models: {
      ...SANDBOX.models,
      base: ['base/code'],
      chat: ['chat/llama'],
      old: ['oai/gpt-3.5-turbo-instruct'],
      new: ['oai/gpt-4o'],
    },
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})
afterAll(async () => {
  await gateway.close()
  upstream.close()
})

async function post(body: unknown): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(`${gateway.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

describe('an upstream of the same wire', () => {
  it('gets the request as it came, and its answer comes back so', async () => {
    const asked = { prompt: [[1, 2], [3]], suffix: 'x', best_of: 2, logprobs: 3, echo: true, guided_regex: 'a*' }
    const { body } = await post({ model: 'base', ...asked })
    expect(seen.at(-1)).toEqual({ path: '/completions', body: { model: 'code', ...asked } })
    expect(body).toEqual({ ...TEXT, usage: USAGE })
  })

  it('is asked for usage, which a client that did not ask is not told', async () => {
    const read = async (more: object): Promise<OpenAI.Completion[]> => {
      const stream = await client.completions.create({ model: 'base', prompt: 'def', stream: true, ...more })
      const chunks: OpenAI.Completion[] = []
      for await (const chunk of stream) chunks.push(chunk)
      return chunks
    }
    expect(await read({})).toEqual([TEXT])
    expect(seen.at(-1)?.body['stream_options']).toEqual({ include_usage: true })
    expect((await read({ stream_options: { include_usage: true } })).at(-1)?.usage).toEqual(USAGE)
    expect(gateway.lines.filter((line) => line.includes('"input_tokens":3')).length).toBeGreaterThanOrEqual(2)
  })

  it('is told by the model, where a vendor has both', async () => {
    await post({ model: 'old', prompt: 'def' })
    expect(seen.at(-1)?.path).toBe('/completions')
    await post({ model: 'new', prompt: 'def' })
    expect(seen.at(-1)?.path).toBe('/chat/completions')
  })
})

describe('a chat upstream', () => {
  it('gets the prompt as one user message', async () => {
    const { body } = await post({ model: 'chat', prompt: 'Hello', max_tokens: 9, stop: ['x'], echo: true })
    expect(seen.at(-1)?.body).toMatchObject({
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 9,
      stop: ['x'],
    })
    expect(seen.at(-1)?.body).not.toHaveProperty('prompt')
    expect(body['choices']).toEqual([{ text: 'HelloIt: Hello', index: 0, logprobs: null, finish_reason: 'stop' }])
  })

  it('answers several prompts one by one, in their order', async () => {
    const { body } = await post({ model: 'chat', prompt: ['one', 'two', 'three'] })
    const choices = body['choices'] as { text: string; index: number }[]
    expect(choices.map(({ text }) => text)).toEqual(['It: one', 'It: two', 'It: three'])
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(body['usage']).toMatchObject({ prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 })
    const stream = await client.completions.create({ model: 'chat', prompt: ['one', 'two'], stream: true })
    const told: string[] = []
    for await (const {
      choices: [choice],
    } of stream)
      told.push(`${choice?.index} ${choice?.text}`)
    expect(told).toEqual(['0 It: one', '1 It: two'])
  })

  it('answers them so, too, where its vendor has completions for other models alone', async () => {
    const { status, body } = await post({ model: 'new', prompt: ['one', 'two'] })
    expect([status, body['choices']]).toMatchObject([200, [{ text: 'It: one' }, { text: 'It: two' }]])
    expect(seen.at(-1)?.path).toBe('/chat/completions')
  })

  it('tells log probabilities in lists', async () => {
    const { body } = await post({ model: 'new', prompt: 'Hey', logprobs: 1 })
    expect(seen.at(-1)?.body).toMatchObject({ logprobs: true, top_logprobs: 1 })
    const [choice] = body['choices'] as Record<string, unknown>[]
    const lists = { tokens: ['It'], token_logprobs: [-0.5], top_logprobs: [{ A: -2 }], text_offset: [3] }
    expect(choice?.['logprobs']).toEqual(lists)
  })

  it('is asked in words for what stands before a suffix, and the client hears of it', async () => {
    const { headers } = await post({ model: 'chat', prompt: 'def f(', suffix: 'return 1' })
    const [message] = (seen.at(-1)?.body['messages'] ?? []) as { content: string }[]
    expect(message?.content).toMatch(/def f\([^]*return 1/)
    expect(headers.get('x-balanced-call-warnings')).toContain('suffix')
  })

  it('gets no tokens', async () => {
    const { status, body } = await post({ model: 'chat', prompt: [1, 2, 3] })
    expect(status).toBe(400)
    expect(JSON.stringify(body)).toContain('a prompt of tokens')
  })
})

it.each([
  [{ prompt: 'x' }, 'model'],
  [{ model: 'fast', prompt: [] }, 'prompt'],
  [{ model: 'fast', prompt: [1, 'x'] }, 'prompt'],
  [{ model: 'fast', prompt: 'x', max_tokens: '9' }, 'max_tokens'],
  [{ model: 'fast', prompt: 'x', stop: 3 }, 'stop'],
])('refuses %j and names the field', async (body, param) => {
  const answer = await post(body)
  expect(answer.status).toBe(400)
  expect(answer.body['error']).toMatchObject({ param, type: 'invalid_request_error' })
})

it('is answered by the sandbox, in JSON and as a stream', async () => {
  const whole = await client.completions.create({ model: 'fast', prompt: 'say: one two three' })
  expect(whole.choices[0]?.text).toBe('one two three')
  const stream = await client.completions.create({
    model: 'fast',
    prompt: 'say: one two three',
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks: OpenAI.Completion[] = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('')).toBe('one two three')
  expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason)).toHaveLength(1)
  expect(chunks.at(-1)?.usage?.total_tokens).toBe(whole.usage?.total_tokens)
})
