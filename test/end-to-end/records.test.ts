/** The log of requests over HTTP and on the command line, of a gateway that serves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { run as logs } from '../../src/cli/commands/logs.ts'
import { run as spend } from '../../src/cli/commands/spend.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

const price = { input: 3, output: 15 }
const providers = { sandbox: { ...SANDBOX.providers.sandbox, models: { 'sandbox-fast': { price } } } }
let gateway: TestGateway
let data: string
let id: string

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'records-'))
  const server = { api_keys: { alice: 'key-of-alice' }, admin_keys: ['key-of-admin'] }
  gateway = await startGateway({ ...SANDBOX, providers, server }, {}, { data })
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key-of-alice' },
    body: JSON.stringify({ model: 'fast', max_tokens: 30, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  id = answer.headers.get('x-request-id') ?? ''
  await answer.text()
})
afterAll(async () => {
  await gateway.close()
  rmSync(data, { recursive: true, force: true })
})

async function get(path: string, key = 'key-of-admin') {
  const answer = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function said(command: () => Promise<number>): Promise<string> {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  try {
    expect(await command()).toBe(0)
    return log.mock.calls.flat().join('\n')
  } finally {
    log.mockRestore()
  }
}

test('administrators see requests within a second, and what was spent', async () => {
  await expect.poll(async () => (await get(`/v1/admin/requests/${id}`)).status, { timeout: 5000 }).toBe(200)
  const { body } = await get(`/v1/admin/requests/${id}`)
  expect(body).toMatchObject({
    id,
    client: 'alice',
    outcome: 'ok',
    max_tokens: 30,
    trail: [{ key: 'sandbox#1', outcome: 'ok' }],
  })
  expect((await get('/v1/admin/requests?client=alice')).body).toMatchObject({ data: [{ id }] })
  expect((await get('/v1/admin/requests?failed')).body).toMatchObject({ data: [] })
  expect((await get('/v1/admin/spend?by=client,key,model')).body).toMatchObject({
    data: [{ client: 'alice', key: 'sandbox#1', model: 'sandbox-fast', requests: 1, cost: body['cost'] }],
  })
})

test('nobody else does, and a mistake is told', async () => {
  expect((await get('/v1/admin/requests', 'key-of-alice')).status).toBe(403)
  expect((await get('/v1/admin/spend', 'key-of-alice')).status).toBe(403)
  expect((await get('/v1/admin/spend?by=colour')).status).toBe(400)
  expect((await get('/v1/admin/requests?limit=many')).status).toBe(400)
  expect((await get('/v1/admin/requests/req_x')).status).toBe(404)
})

test.each([
  'requests?limit=0.5',
  'requests?limit=',
  'requests?after=1.5',
  'requests?client=alice&client=bob',
  'requests?failed&failed',
  'spend?by=day&by=key',
  'spend?since=yesterday',
  'spend?until=2027-13-01',
  'spend?client=alice&client=bob',
  'traffic?step=1000.5',
  'traffic?by=key&by=model',
  'traffic?since=1&since=2',
])('%s is a mistake of who asks', async (path) => {
  const { status, body } = await get(`/v1/admin/${path}`)
  expect(status).toBe(400)
  expect(path).toContain(String((body['error'] as { param: string }).param))
})

test('the commands show the same', async () => {
  expect(await said(() => logs(['--data', data]))).toContain(`${id} alice fast → sandbox/sandbox-fast ok`)
  expect(await said(() => logs(['--data', data, id]))).toContain('█')
  expect(JSON.parse(await said(() => logs(['--data', data, '--json'])))).toMatchObject({ id })
  const table = await said(() => spend(['--data', data, '--by', 'day,client']))
  expect(table).toMatch(/client +requests/)
  expect(table).toContain('@pydantic/genai-prices')
})

test('a log that cannot be read is told as that, until the next request sets it aside', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'))
  writeFileSync(join(folder, 'requests.sqlite'), 'no database at all, '.repeat(100))
  const ill = await startGateway(SANDBOX, {}, { data: folder })
  const status = async (path: string) => {
    const answer = await fetch(`${ill.url}/v1/admin/${path}`)
    return [answer.status, await answer.text()] as const
  }
  try {
    for (const path of ['requests', 'requests/req_x', 'spend', 'traffic']) {
      const [code, text] = await status(path)
      expect([path, code]).toEqual([path, 503])
      expect(text).toContain('The log of requests cannot be read: file is not a database')
    }
    const body = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${ill.url}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(200)
    await expect.poll(async () => (await status('requests'))[0], { timeout: 5000 }).toBe(200)
  } finally {
    await ill.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
