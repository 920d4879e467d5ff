import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'

const SECRET = 'sandbox-key-0001'
let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({
    providers: {
      sandbox: {
        format: 'openai',
        base_url: 'sandbox:',
        keys: [{ key: SECRET, weight: 2, limits: { concurrency: 3 } }],
        models: { 'sandbox-fast': { tools: true } },
      },
    },
    models: { fast: ['sandbox/sandbox-fast'] },
  })
})
afterAll(() => gateway.close())

async function get(path: string): Promise<unknown> {
  return (await fetch(`${gateway.url}${path}`)).json()
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const messages = [{ role: 'user', content: 'Say: good morning' }]

describe("the ancestor's API", () => {
  it('answers a chat that names no model', async () => {
    expect(await (await post('/llm/chat', { messages })).json()).toEqual({ result: 'good morning' })
  })

  it('streams bare text', async () => {
    expect(await (await post('/llm/chat/stream', { messages })).text()).toBe('good morning')
  })

  it('gives tool calls, which its ancestor lost', async () => {
    const tools = [
      { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
    ]
    const answer = await post('/llm/chat', { messages: [{ role: 'user', content: 'Use get_weather.' }], tools })
    expect(await answer.json()).toMatchObject({ result: { tool_calls: [{ function: { name: 'get_weather' } }] } })
  })

  it('says what is missing, as text', async () => {
    const answer = await post('/llm/chat', {})
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ error: "Missing required field 'messages'" })
  })

  it('shows load and capacity by names of keys', async () => {
    const keys = [{ key: 'sandbox#1', weight: 2, current: 0 }]
    const model = { type: 'concurrency', current: 0, max: 3, weight: 1, keys }
    expect(await get('/llm/system-load')).toEqual({ load_percent: 0 })
    expect(await get('/llm/system-capacity')).toMatchObject({ models: { fast: model } })
    expect(await get('/llm/model-load/fast')).toEqual({ model: 'fast', ...model })
    expect(await get('/llm/key-load/fast/sandbox%231')).toEqual({ model: 'fast', ...keys[0], max: 3 })
    expect(await get('/llm/models')).toEqual({ models: ['fast', 'auto'] })
    expect(await get('/llm/keys/fast')).toEqual({ model: 'fast', keys: [{ key: 'sandbox#1', weight: 2 }] })
    expect(await get('/llm/health')).toMatchObject({ status: 'ok' })
    expect(await get('/llm/model-load/none')).toEqual({ error: 'Model none not found; GET /llm/models lists them' })
  })

  it('counts what runs, and shows no secret anywhere', async () => {
    const slow = post('/llm/chat/stream', { messages, sandbox: {} })
    await expect.poll(async () => JSON.stringify(await get('/llm/model-load/fast'))).toContain('"current":')
    await (await slow).text()
    for (const path of ['/llm/system-capacity', '/llm/model-load/fast', '/llm/keys/fast', '/v1/scheduler']) {
      expect(JSON.stringify(await get(path))).not.toContain(SECRET)
    }
  })
})
