/** Cases from public bug reports that take more than one answer to one request. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { ordinary } from './stage.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function upstream(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => server.closeAllConnections(),
  )
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function gateway(config: Record<string, unknown>): Promise<TestGateway> {
  const started = await startGateway(config)
  closing.push(() => started.close())
  return started
}

function ask(url: string, body: Record<string, unknown>): Promise<Response> {
  const messages = [{ role: 'user', content: 'hi' }]
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ messages, ...body }) })
}

const well: RequestListener = (request, response) => {
  const { status, headers, body } = ordinary('openai')
  request.resume().on('end', () => response.writeHead(status, headers).end(body))
}

it('a silence within a stream is bridged by lines that end no event', async () => {
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  let goOn: () => unknown = () => {}
  const base_url = await upstream((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(chunk({ content: 'one' }))
    goOn = () =>
      response.writableEnded || response.end(`${chunk({ content: ' two' })}${chunk({}, 'stop')}data: [DONE]\n\n`)
  })
  const providers = { p: { format: 'openai-compatible', base_url, keys: ['key-00000001'] } }
  const { url } = await gateway({ providers, server: { heartbeat: '20ms' } })
  const answer = await ask(url, { model: 'p/m', stream: true })
  let text = ''
  for await (const bytes of answer.body ?? []) {
    text += Buffer.from(bytes).toString()
    if (text.includes('\n:')) goOn()
  }
  // openai-go before 3.43 reads an event where a blank line follows a comment
  expect(text).not.toMatch(/^:.*\n\n/m)
  expect(text).toContain(' two')
  expect(text).toContain('data: [DONE]')
})

it('a prompt that is too long for one model goes to the next tier', async () => {
  const base_url = await upstream((request, response) => {
    if (request.url?.startsWith('/big')) return well(request, response)
    const message = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"
    const body = JSON.stringify({ error: { message, code: 'context_length_exceeded' } })
    request.resume().on('end', () => response.writeHead(400, { 'content-type': 'application/json' }).end(body))
  })
  const provider = (name: string): object => ({
    format: 'openai-compatible',
    base_url: `${base_url}/${name}`,
    keys: [`key-${name}-01`],
  })
  const { url } = await gateway({
    providers: { small: provider('small'), big: provider('big') },
    models: {
      falls: { routes: ['small/m', { to: 'big/m', tier: 1 }], on: ['context_length'] },
      stays: ['small/m', { to: 'big/m', tier: 1 }],
    },
  })
  expect((await ask(url, { model: 'falls' })).status).toBe(200)
  expect((await ask(url, { model: 'stays' })).status).toBe(400)
})

it('a browser asks before it calls', async () => {
  const base_url = await upstream(well)
  const { url } = await gateway({
    providers: { p: { format: 'openai-compatible', base_url, keys: ['key-00000001'] } },
    server: { cors: ['https://page.example.com'] },
  })
  const headers = {
    origin: 'https://page.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  }
  const said = await fetch(`${url}/v1/chat/completions`, { method: 'OPTIONS', headers })
  expect(said.status).toBe(204)
  expect(said.headers.get('access-control-allow-origin')).toBe('https://page.example.com')
  expect(said.headers.get('access-control-allow-headers')).toMatch(/authorization/i)
})

it.each(['chat/completions', 'completions'])(
  'a stream of %s tells its usage unasked where the server is told so',
  async (path) => {
    const events = [
      {
        id: 'c',
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content: 'ok' }, finish_reason: 'stop' }],
      },
      {
        id: 'c',
        object: 'chat.completion.chunk',
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
      },
    ]
    const base_url = await upstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`${events.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')}data: [DONE]\n\n`)
    })
    const providers = { p: { format: 'openai-compatible', base_url, keys: ['key-00000001'] } }
    const { url } = await gateway({ providers, server: { usage_in_streams: 'always' } })
    const body = { model: 'p/m', stream: true, prompt: 'hi', messages: [{ role: 'user', content: 'hi' }] }
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const chunks = (await answer.text()).split('\n').filter((line) => line.startsWith('data: {'))
    expect(JSON.parse(chunks.at(-1)?.slice(6) ?? '')).toMatchObject({ choices: [], usage: { total_tokens: 4 } })
  },
)

it('a conversation on idle keys stays on one, whatever its client calls it by', async () => {
  const seen: string[] = []
  const url = await upstream((request, response) => {
    seen.push(request.headers.authorization ?? '')
    well(request, response)
  })
  const keys = ['k-free-1.aaaaaa', 'k-free-2.aaaaaa', 'k-free-3.aaaaaa']
  const { url: own } = await gateway({
    providers: { free: { format: 'openai-compatible', base_url: url, cache_per_key: true, keys } },
  })
  const messages = [
    { role: 'system', content: 'Be brief. '.repeat(600) },
    { role: 'user', content: 'hi' },
  ]
  for (const name of [{ prompt_cache_key: 'conv-7' }, {}]) {
    seen.length = 0
    for (let turn = 0; turn < 40; turn++) {
      const answer = await ask(own, { model: 'free/m', messages: [...messages], ...name })
      expect(answer.status).toBe(200)
      await answer.text()
      messages.push({ role: 'assistant', content: 'ok' }, { role: 'user', content: `turn ${turn}` })
    }
    expect(new Set(seen).size).toBe(1)
  }
})

it.each(['0', '-5', 'Thu, 01 Jan 2004 00:00:00 GMT'])('Retry-After: %s is a pause as any other', async (told) => {
  const at: number[] = []
  const url = await upstream((request, response) => {
    at.push(performance.now())
    const headers = { 'content-type': 'application/json', 'retry-after': told }
    request.resume().on('end', () => response.writeHead(429, headers).end('{"error":{"message":"slow"}}'))
  })
  const { url: own } = await gateway({
    providers: { up: { format: 'openai-compatible', base_url: url, keys: ['k-raneg-0.abcdef'] } },
    scheduler: { max_wait: '1s' },
  })
  expect((await ask(own, { model: 'up/m' })).status).toBe(429)
  expect(at.length).toBeLessThanOrEqual(3)
  for (const [i, then] of at.entries()) if (i > 0) expect(then - (at[i - 1] ?? 0)).toBeGreaterThan(200)
})
