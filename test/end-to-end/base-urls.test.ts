/** Base URLs and model names as clients really make them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  const { sandbox } = SANDBOX.providers
  gateway = await startGateway({ ...SANDBOX, providers: { sandbox, openai: { ...sandbox, models: {} } } })
})
afterAll(() => gateway.close())

const ask = (path: string, model = 'fast'): Promise<Response> =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  })

test.each([
  '/v1/chat/completions',
  '/v1/chat/completions/',
  '/chat/completions',
  '/chat/completions?api-version=1',
  '//v1/chat/completions',
  '/v1//chat/completions',
  '/v1/v1/chat/completions',
])('%s answers', async (path) => {
  expect((await ask(path)).status).toBe(200)
})

test.each([
  '/models',
  '//v1/models',
  '/v1/models/',
  '/v1/models/fast',
  '/v1/models/sandbox/sandbox-429',
  '/v1/models/openai/fast',
])('GET %s answers', async (path) => {
  const response = await fetch(`${gateway.url}${path}`)
  expect(response.status).toBe(200)
  if (path.includes('openai')) expect(await response.json()).toMatchObject({ id: 'openai/fast' })
})

test.each([
  ['fast', 'sandbox-fast'],
  ['openai/fast', 'sandbox-fast'],
  ['openai/sandbox/sandbox-fast', 'sandbox-fast'],
  ['openai/sandbox-fast', 'sandbox-fast'],
])('%s is answered', async (model, by) => {
  const response = await ask('/v1/chat/completions', model)
  expect([response.status, response.headers.get('x-balanced-call-model')]).toEqual([200, by])
  expect(await response.json()).toMatchObject({ model })
})

test('a name behind "openai/" that nobody has is told without it', async () => {
  const without = await startGateway(SANDBOX)
  const response = await fetch(`${without.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai/fasst', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect(response.status).toBe(404)
  expect(await response.text()).toContain("Did you mean 'fast'?")
  await without.close()
})

test('a name that only a provider in front of it makes whole is told with it, however short it is', async () => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sandbox-fast', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect(response.status).toBe(404)
  expect(await response.text()).toContain("Did you mean 'sandbox/sandbox-fast'?")
})

test.each([
  ['POST', '/openai/deployments/x/chat/completions?api-version=1', 'Azure'],
  ['POST', '/proxy/chat/completions', '/v1/chat/completions'],
  ['POST', '/v1/fine_tuning/jobs', 'does not serve'],
])('%s %s says what to set', async (method, path, hint) => {
  const response = await fetch(`${gateway.url}${path}`, { method })
  expect(response.status).toBe(404)
  const { error } = (await response.json()) as { error: { message: string; code: string } }
  expect([error.code, error.message]).toEqual(['unknown_url', expect.stringContaining(hint)])
  expect(error.message).not.toContain('api-version')
})

test.each([
  ['POST', '/v1/messages/batches', 'POST /v1/messages'],
  ['GET', '/v1beta/cachedContents', ':generateContent'],
  ['POST', '/upload/v1beta/files', ':generateContent'],
])('%s %s says in its own shape what there is instead', async (method, path, hint) => {
  const response = await fetch(`${gateway.url}${path}`, { method })
  expect(response.status).toBe(404)
  const { error } = (await response.json()) as { error: { message: string } }
  expect(error.message).toContain(hint)
})

test.each([
  ['GET', '/v1/chat/completions', 'POST'],
  ['GET', '/v1/messages', 'POST'],
  ['PUT', '/v1/responses', 'POST'],
  ['POST', '/v1/responses/resp_1', 'GET, DELETE'],
  ['GET', '/v1/embeddings', 'POST'],
  ['PUT', '/v1beta/models/fast:generateContent', 'POST'],
  ['GET', '/v1beta/models/fast:generateContent', 'POST'],
  ['DELETE', '/v1/models/fast', 'GET'],
])('%s %s is told which methods there are', async (method, path, allow) => {
  const response = await fetch(`${gateway.url}${path}`, { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  const { error } = (await response.json()) as { error: { message: string } }
  expect(error.message).toContain(`Not allowed to ${method} on ${path}`)
})

test('a name of more than 512 characters is refused and cut in the log', async () => {
  const response = await ask('/v1/chat/completions', `sandbox/${'x'.repeat(100_000)}`)
  expect(response.status).toBe(400)
  expect((await response.text()).length).toBeLessThan(500)
  expect(Math.max(...gateway.lines.map((line) => line.length))).toBeLessThan(2000)
})

test.each(['/upload/v1/files', '/v1/cachedContents', '/v1/interactions', '/v1/files'])(
  'POST %s tells the SDK for Gemini in its own shape, though its version is that of all',
  async (path) => {
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers: { 'x-goog-api-key': 'any' } })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } })
  },
)

test('a path of OpenAI’s has its errors, whatever a key is sent in', async () => {
  const headers = { 'x-goog-api-key': 'any', 'content-type': 'application/json' }
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: '{}' })
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
})
