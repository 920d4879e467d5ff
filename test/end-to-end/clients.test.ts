/** What a client's key opens, and how each API tells what it does not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyHash } from '../../src/config/sections/client-list.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

/** An answer costs some cents, and is thought to cost some tens of them. */
const price = { input: 1000, output: 1000 }
const config = {
  server: { ollama: true },
  providers: { sandbox: { ...SANDBOX.providers.sandbox, models: { 'sandbox-fast': { price }, other: {} } } },
  models: { fast: ['sandbox/sandbox-fast'], slow: ['sandbox/other'] },
  aliases: { 'quick-*': 'fast' },
  clients: {
    alice: { keys: 'key-of-alice', models: ['fast', 'quick-*'] },
    bob: { key_hashes: keyHash('key-of-bob'), limits: { rpm: 1 }, max_wait: '1ms' },
    carol: { keys: 'key-of-carol', groups: ['poor'] },
    dave: { keys: 'key-of-dave', groups: ['poor'] },
    eve: { keys: 'key-of-eve', expires: '2020-01-01' },
  },
  groups: { poor: { limits: { usd: 1, per: 'day' } } },
}

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway(config)
})
afterAll(() => gateway.close())

const messages = [{ role: 'user', content: 'Hello' }]
const DOORS = {
  chat: (model: string) => ['/v1/chat/completions', { model, messages }] as const,
  messages: (model: string) => ['/v1/messages', { model, messages, max_tokens: 20 }] as const,
  responses: (model: string) => ['/v1/responses', { model, input: 'Hello' }] as const,
  completions: (model: string) => ['/v1/completions', { model, prompt: 'Hello' }] as const,
  embeddings: (model: string) => ['/v1/embeddings', { model, input: 'Hello' }] as const,
  moderations: (model: string) => ['/v1/moderations', { model, input: 'Hello' }] as const,
  ollama: (model: string) => ['/api/chat', { model, messages, stream: false }] as const,
  generateContent: (model: string) =>
    [`/v1beta/models/${model}:generateContent`, { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }] as const,
}
type Door = keyof typeof DOORS

async function post(door: Door, client: string, model = 'fast', more: Record<string, string> = {}) {
  const [path, body] = DOORS[door](model)
  const headers = { 'content-type': 'application/json', authorization: `Bearer key-of-${client}`, ...more }
  const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
}

const OPENAI = {
  401: { error: { type: 'authentication_error', code: 'invalid_api_key' } },
  403: { error: { type: 'permission_error', code: 'model_not_allowed', param: 'model' } },
  429: { error: { type: 'rate_limit_error', code: 'client_limit_exceeded', param: null } },
}
const REFUSALS: Record<Door, Record<401 | 403 | 429, object>> = {
  chat: OPENAI,
  responses: OPENAI,
  completions: OPENAI,
  embeddings: OPENAI,
  moderations: OPENAI,
  messages: {
    401: { type: 'error', error: { type: 'authentication_error' } },
    403: { type: 'error', error: { type: 'permission_error' } },
    429: { type: 'error', error: { type: 'rate_limit_error' } },
  },
  generateContent: {
    401: { error: { code: 401, status: 'UNAUTHENTICATED' } },
    403: { error: { code: 403, status: 'PERMISSION_DENIED' } },
    429: {
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo' }],
      },
    },
  },
  ollama: {
    401: { error: expect.any(String) as string },
    403: { error: expect.any(String) as string },
    429: { error: expect.any(String) as string },
  },
}

describe.each(Object.keys(DOORS) as Door[])('%s', (door) => {
  test('takes a key of its client, also by its hash alone', async () => {
    expect((await post(door, 'alice')).status).toBe(200)
    expect([200, 429]).toContain((await post(door, 'bob')).status)
  })

  test('refuses an expired key, and says since when', async () => {
    const { status, body } = await post(door, 'eve')
    expect(status).toBe(401)
    expect(body).toMatchObject(REFUSALS[door][401])
    expect(JSON.stringify(body)).toContain('expired at 2020-01-02T00:00Z')
  })

  test('refuses a model that the key may not use, and says which it may', async () => {
    const { status, body } = await post(door, 'alice', 'slow')
    expect(status).toBe(403)
    expect(body).toMatchObject(REFUSALS[door][403])
    expect(JSON.stringify(body)).toContain('It may use fast, quick-*')
    expect((await post(door, 'alice', 'quick-one')).status).toBe(200)
  })

  test('refuses what is beyond a limit of the client, with its name and a time', async () => {
    await post(door, 'bob')
    const { status, body, headers } = await post(door, 'bob')
    expect(status).toBe(429)
    expect(body).toMatchObject(REFUSALS[door][429])
    expect(JSON.stringify(body)).toContain('client bob: requests per minute: 0 of 1 left')
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(20)
  })

  test('refuses all members of a group whose money is spent', async () => {
    while ((await post(door, 'carol')).status === 200);
    const { status, body } = await post(door, 'dave')
    expect(status).toBe(429)
    expect(JSON.stringify(body)).toContain('group poor: usd per day')
  })
})

test('the list of models is what the key may use', async () => {
  const list = async (key: string): Promise<string[]> => {
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id)
  }
  expect(await list('key-of-alice')).toEqual(['fast'])
  expect(await list('key-of-carol')).toEqual(expect.arrayContaining(['fast', 'slow']))
})
