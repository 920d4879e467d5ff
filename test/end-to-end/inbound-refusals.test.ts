/** Wrong requests of each API: its own shape, the right status, and the field at fault by its own name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
})
afterAll(() => gateway.close())

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('/v1/messages', () => {
  const ask = (content: unknown): Promise<Response> =>
    post('/v1/messages', { model: 'fast', max_tokens: 5, messages: [{ role: 'user', content }] })

  it.each([
    ['an image without a source', [{ type: 'image' }], 'messages[0].content[0].source'],
    ['a result of no call', [{ type: 'tool_result', content: 'x' }], 'messages[0].content[0].tool_use_id'],
    [
      'an image in a result',
      [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: {} }] }],
      'content[0].source',
    ],
    ['nothing', [], 'not empty'],
    [
      'what only its vendor reads',
      [{ type: 'container_upload', file_id: 'f' }],
      'same API (messages: blocks of type container_upload ',
    ],
    ['an image that its vendor keeps', [{ type: 'image', source: { type: 'file', file_id: 'f' } }], 'where it is kept'],
    [
      'a document that its vendor keeps',
      [{ type: 'document', source: { type: 'file', file_id: 'f' } }],
      'where it is kept',
    ],
  ])('refuses %s', async (_, content, words) => {
    const response = await ask(content)
    const body = (await response.json()) as { error: { message: string }; request_id: string }
    expect([response.status, body]).toMatchObject([400, { type: 'error', error: { type: 'invalid_request_error' } }])
    expect(body.error.message).toContain(words)
    expect(response.headers.get('request-id')).toBe(body.request_id)
  })

  it('refuses a result with a file that its vendor keeps, which an upstream of the same API would take', async () => {
    const kept = { type: 'image', source: { type: 'file', file_id: 'f' } }
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'look', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [kept] }] },
    ]
    const response = await post('/v1/messages', { model: 'fast', max_tokens: 5, messages })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('where it is kept')])
  })

  it('names a request as its SDK reads it', async () => {
    expect((await ask('Hi')).headers.get('request-id')).toMatch(/^req_/)
  })

  it('pages its models', async () => {
    const page = async (query: string): Promise<{ data: { id: string }[]; has_more: boolean; last_id: string }> => {
      const headers = { 'anthropic-version': '2023-06-01' }
      return (await (await fetch(`${gateway.url}/v1/models${query}`, { headers })).json()) as never
    }
    const all = await page('')
    const first = await page('?limit=1')
    expect(first).toMatchObject({ data: [all.data[0]], has_more: true })
    const rest = await page(`?after_id=${first.last_id}`)
    expect(rest).toMatchObject({ data: all.data.slice(1), has_more: false })
  })
})

describe('/v1/responses', () => {
  it.each([
    ['stream', 1],
    ['max_output_tokens', '5'],
    ['tools', {}],
    ['store', 'no'],
    ['previous_response_id', 5],
    ['metadata', 5],
  ])('refuses a %s of the wrong type', async (field, value) => {
    const response = await post('/v1/responses', { model: 'fast', input: 'Hi', [field]: value })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param: field } }])
  })

  it.each([
    ['a tool of the older API', { tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools[0].name'],
    ['a form without a name', { text: { format: { type: 'json_schema', schema: {} } } }, 'text.format.name'],
    ['a result of no call', { input: [{ type: 'function_call_output', call_id: 'c', output: '' }] }, 'input'],
    ['a role that is none', { input: [{ role: 'king', content: 'Hi' }] }, 'input'],
  ])('names the field at fault of %s', async (_, fields, param) => {
    const response = await post('/v1/responses', { model: 'fast', input: 'Hi', ...fields })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }])
  })

  it.each([{ conversation: 'conv_1' }, { prompt: { id: 'pmpt_1' } }, { previous_response_id: 'resp_elsewhere' }])(
    'does not answer without what another server keeps: %j',
    async (fields) => {
      const response = await post('/v1/responses', { model: 'fast', input: 'Hi', ...fields })
      expect(response.status).toBe(400)
      expect(await response.text()).toContain(`${Object.keys(fields)[0]} names what is kept elsewhere`)
    },
  )

  it('takes an empty body that is said to be JSON where none is needed', async () => {
    const headers = { 'content-type': 'application/json' }
    for (const [method, path] of [
      ['POST', '/v1/responses/none/cancel'],
      ['DELETE', '/v1/responses/none'],
    ] as const) {
      const response = await fetch(`${gateway.url}${path}`, { method, headers })
      expect([response.status, response.headers.get('x-request-id')]).toEqual([404, expect.stringMatching(/^req_/)])
    }
  })
})

describe('/v1beta', () => {
  const ask = (body: unknown): Promise<Response> => post('/v1beta/models/fast:generateContent', body)
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]

  it.each([
    ['parts that are none', { contents: [{ role: 'user', parts: [] }] }, 'not empty'],
    ['a role that is none', { contents: [{ role: 'king', parts: [{ text: 'Hi' }] }] }, 'contents[0].role'],
    ['data of no type', { contents: [{ parts: [{ inlineData: { data: 'aa' } }] }] }, 'mimeType'],
    ['a temperature in words', { contents, generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
  ])('refuses %s', async (_, body, words) => {
    const response = await ask(body)
    const { error } = (await response.json()) as { error: { message: string } }
    expect([response.status, error]).toMatchObject([400, { code: 400, status: 'INVALID_ARGUMENT' }])
    expect(error.message).toContain(words)
  })

  it('takes a number as a text', async () => {
    const response = await ask({ contents, generationConfig: { maxOutputTokens: '3' } })
    expect(await response.json()).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] })
  })

  it('shows a model that is served though nobody lists it', async () => {
    const response = await fetch(`${gateway.url}/v1beta/models/sandbox/sandbox-think`)
    expect(await response.json()).toMatchObject({ name: 'models/sandbox/sandbox-think' })
  })
})
