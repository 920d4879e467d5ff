/** Ollama's API over its own wire: lines go on as they came, and the gateway's own work is done all the same. */
import { createServer, type Server } from 'node:http'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'

const linesOf = (text: string): { error?: string }[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { error?: string })

let vendor: Server | undefined
let gateway: TestGateway | undefined
afterEach(async () => {
  await gateway?.close()
  vendor?.closeAllConnections()
  vendor?.close()
  gateway = undefined
  vendor = undefined
})

interface Exchange {
  request: Record<string, unknown>
  status: number
  headers: Record<string, string>
  body: string
}

async function over(
  format: string,
  answer: Exchange,
): Promise<{ url: string; calls: { path: string; body: unknown }[] }> {
  const calls: { path: string; body: unknown }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      calls.push({ path: request.url ?? '', body: JSON.parse(text) })
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  vendor = server
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  gateway = await startGateway({
    providers: {
      v: { format, base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys: ['secret-1'] },
    },
    models: { tool: ['v/real'], tiny: ['v/real'], nope: ['v/real'] },
    server: { ollama: true },
  })
  return { url: gateway.url, calls }
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const FOLDER = path.join(import.meta.dirname, '../../../shared/upstreams')
const names = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => /^ollama.*-api-/.test(name) && !/embed|empty-messages/.test(name))
  : []

describe.skipIf(names.length === 0)('an upstream of the same API', () => {
  it.each(names)('%s is passed on as it came', async (name) => {
    const exchange = JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as Exchange
    // what the recorder left out would be a line that is no JSON
    const body = exchange.body.replace(/[^\n]*\n\(…[^\n]*\n[^\n]*\n/, '')
    const { url, calls } = await over('ollama', { ...exchange, body })
    const answer = await post(`${url}/api/chat`, exchange.request)
    expect(calls[0]).toEqual({ path: '/api/chat', body: { ...exchange.request, model: 'real' } })
    const text = await answer.text()
    if (exchange.status === 200 && !name.includes('killed')) expect(text).toBe(body)
    else if (exchange.status === 200) {
      const lines = linesOf(text)
      expect(lines.at(-1)).toEqual({ error: expect.stringContaining('unexpected EOF') })
      expect(text.slice(0, 400)).toBe(body.slice(0, 400))
    } else {
      expect(answer.status).toBe(exchange.status === 500 ? 400 : exchange.status)
      const { error } = JSON.parse(text) as { error?: string }
      expect(error).toContain((JSON.parse(exchange.body) as { error?: string }).error)
    }
  })
})

describe('over its own wire', () => {
  const last = {
    model: 'real',
    created_at: 'x',
    message: { role: 'assistant', content: 'Hi' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 2,
    brand_new: [1],
  }
  const json = { 'content-type': 'application/json' }

  it('passes unknown fields both ways, and counts', async () => {
    const { url, calls } = await over('ollama', { request: {}, status: 200, headers: json, body: JSON.stringify(last) })
    const asked = {
      model: 'tool:latest',
      stream: false,
      messages: [{ role: 'user', content: 'Hi', odd: 1 }],
      options: { top_k: 3 },
      brand_new: true,
    }
    const answer = await post(`${url}/api/chat`, asked)
    expect(await answer.json()).toEqual(last)
    expect(answer.headers.get('x-balanced-call-warnings')).toBeNull()
    expect(calls[0]?.body).toEqual({ ...asked, model: 'real' })
    expect(gateway?.lines.join('')).toMatch(/"input_tokens":3,"output_tokens":2/)
  })

  it('asks it by a chat for what is to be generated', async () => {
    const { url, calls } = await over('ollama', { request: {}, status: 200, headers: json, body: JSON.stringify(last) })
    const answer = await post(`${url}/api/generate`, {
      model: 'tool',
      stream: false,
      prompt: 'Hi',
      options: { top_k: 3 },
    })
    expect(await answer.json()).toMatchObject({
      model: 'tool',
      response: 'Hi',
      done: true,
      done_reason: 'stop',
      eval_count: 2,
    })
    expect(calls[0]?.body).toEqual({
      model: 'real',
      stream: false,
      options: { top_k: 3 },
      messages: [{ role: 'user', content: 'Hi' }],
    })
  })

  it('does not take a stream without its last line for whole', async () => {
    const line = `${JSON.stringify({ ...last, done: false })}\n`
    const { url } = await over('ollama', {
      request: {},
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      body: line,
    })
    const lines = linesOf(
      await (await post(`${url}/api/chat`, { model: 'tool', messages: [{ role: 'user', content: 'Hi' }] })).text(),
    )
    expect(lines.at(-1)).toEqual({ error: expect.any(String) })
  })

  it('completes raw prompts by an upstream of that wire', async () => {
    const body = {
      id: 'c',
      object: 'text_completion',
      created: 1,
      model: 'real',
      choices: [{ text: ' a + b', index: 0, finish_reason: 'length' }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    }
    const { url, calls } = await over('vllm', { request: {}, status: 200, headers: json, body: JSON.stringify(body) })
    const answer = await post(`${url}/api/generate`, {
      model: 'tool',
      stream: false,
      raw: true,
      prompt: 'return',
      options: { num_predict: 4 },
    })
    expect(await answer.json()).toMatchObject({
      model: 'tool',
      response: ' a + b',
      done_reason: 'length',
      prompt_eval_count: 3,
    })
    expect(calls[0]).toMatchObject({ path: '/completions', body: { model: 'real', prompt: 'return', max_tokens: 4 } })
  })
})
