/** Moderations, pictures and ranks: relayed as they are. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

const seen: { path: string; key: string; body: unknown }[] = []
const ANSWER = { id: 'modr-1', model: 'own', results: [{ flagged: true, new_field: { deep: 1 } }] }
let upstream: Server
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      const key = request.headers.authorization ?? ''
      seen.push({ path: request.url ?? '', key, body: JSON.parse(text) })
      response.setHeader('content-type', 'application/json')
      if (key.includes('bad-key')) {
        response.statusCode = 503
        response.end(JSON.stringify({ error: { message: 'down' } }))
      } else response.end(JSON.stringify(ANSWER))
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  gateway = await startGateway({
    providers: {
      ...SANDBOX.providers,
      one: { format: 'openai', base_url, keys: ['bad-key'] },
      two: { format: 'openai', base_url, keys: ['good-key'] },
      an: { format: 'anthropic', base_url, keys: ['good-key'] },
    },
    aliases: { 'omni-moderation-*': 'check' },
    models: { ...SANDBOX.models, check: [{ to: 'one/own' }, { to: 'two/own', tier: 1 }], none: ['an/own'] },
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})
afterAll(async () => {
  await gateway.close()
  upstream.close()
})

it('the body goes as it came, to another key where one is down, and the answer comes back as it came', async () => {
  const answer = await client.moderations.create({ model: 'check', input: 'x', own_field: [1] } as never)
  expect(answer).toEqual(ANSWER)
  expect(seen.map(({ path, key }) => [path, key])).toEqual([
    ['/moderations', 'Bearer bad-key'],
    ['/moderations', 'Bearer good-key'],
  ])
  expect(seen[1]?.body).toEqual({ model: 'own', input: 'x', own_field: [1] })
})

it('moderations go without a model, as OpenAI takes them, to the one that it takes then', async () => {
  seen.length = 0
  expect(await client.moderations.create({ input: 'x' })).toEqual(ANSWER)
  expect(seen.at(-1)?.body).toEqual({ model: 'own', input: 'x' })
})

describe('the sandbox', () => {
  it('moderates, paints and ranks for the SDK', async () => {
    const verdict = await client.moderations.create({ model: 'fast', input: ['a', 'b'] })
    expect(verdict.results).toHaveLength(2)
    const picture = await client.images.generate({ model: 'fast', prompt: 'a cat', n: 2 })
    expect(
      Buffer.from(picture.data?.[1]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    const body = { model: 'fast', query: 'red cat', documents: ['blue dog', 'a red cat'] }
    const ranks = await client.post<{ results: { index: number }[] }>('/rerank', { body })
    expect(ranks.results[0]?.index).toBe(1)
  })
})

it.each([
  [{ model: 'none', input: 'x' }, 400, 'moderations'],
  [{ model: 'nobody', input: 'x' }, 404, 'nobody'],
  [{ model: 'fast' }, 400, 'input'],
])('refuses %j', async (body, status, words) => {
  const response = await fetch(`${gateway.url}/v1/moderations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(status)
  expect(await response.text()).toContain(words)
})
