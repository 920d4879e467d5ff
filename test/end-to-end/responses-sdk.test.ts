/** OpenAI's own SDK, and the AI SDK whose default is this API, against a whole gateway. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})
afterAll(() => gateway.close())

const weather = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
}

describe("OpenAI's own SDK", () => {
  it('gets a response', async () => {
    const response = await client.responses.create({ model: 'fast', input: 'Hello', instructions: 'Be kind.' })
    expect(response).toMatchObject({ object: 'response', status: 'completed', model: 'fast', instructions: 'Be kind.' })
    expect(response.output_text).toContain('Hello')
    expect(response.usage?.total_tokens).toBe(
      (response.usage?.input_tokens ?? 0) + (response.usage?.output_tokens ?? 0),
    )
  })

  it('adds a stream up to the same', async () => {
    const stream = client.responses.stream({ model: 'fast', input: 'Hello', instructions: 'Be kind.' })
    let text = ''
    let next = 0
    for await (const event of stream) {
      expect(event.sequence_number).toBe(next++)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
    const response = await stream.finalResponse()
    expect(response.output_text).toBe(text)
    expect(response.output_text).toBe(
      (await client.responses.create({ model: 'fast', input: 'Hello', instructions: 'Be kind.' })).output_text,
    )
  })

  it('calls a tool and goes on from its result, by items and by previous_response_id', async () => {
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'The weather in Oslo?' }]
    const first = await client.responses.create({ model: 'fast', input, tools: [weather] })
    const call = first.output.find((item) => item.type === 'function_call')
    expect(call).toMatchObject({ name: 'get_weather', status: 'completed' })
    expect(JSON.parse(call?.arguments ?? '')).toEqual({ city: 'Oslo' })
    const result = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: 'rain' }
    const items = [...input, ...first.output, result] as OpenAI.Responses.ResponseInput
    const byItems = await client.responses.create({ model: 'fast', input: items, tools: [weather] })
    expect(byItems.output_text).toContain('get_weather says: rain')
    const byId = await client.responses.create({
      model: 'fast',
      previous_response_id: first.id,
      input: [result],
      tools: [weather],
    })
    expect(byId.output_text).toBe(byItems.output_text)
  })

  it('parses what a schema asks for', async () => {
    const format = zodTextFormat(z.object({ city: z.string(), people: z.number() }), 'place')
    const response = await client.responses.parse({ model: 'fast', input: 'A place', text: { format } })
    expect(response.output_parsed).toEqual({ city: expect.any(String), people: expect.any(Number) })
  })

  it('gets its reasoning as a summary, streamed and whole', async () => {
    const think = { model: 'sandbox/sandbox-think', input: 'Why?' }
    const whole = await client.responses.create(think)
    const reasoning = whole.output.find((item) => item.type === 'reasoning')
    if (!reasoning) throw new Error(JSON.stringify(whole.output))
    let told = ''
    for await (const event of await client.responses.create({ ...think, stream: true }))
      if (event.type === 'response.reasoning_summary_text.delta') told += event.delta
    expect(told).toBe(reasoning.summary.map(({ text }) => text).join(''))
  })

  it('says what ended early', async () => {
    const short = await client.responses.create({ model: 'fast', input: 'Tell me a lot', max_output_tokens: 3 })
    expect(short).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
  })

  it('keeps, lists and forgets a response', async () => {
    const { id } = await client.responses.create({ model: 'fast', input: 'Keep this' })
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: 'completed' })
    const items = await client.responses.inputItems.list(id)
    expect(items.data).toMatchObject([{ type: 'message', role: 'user', content: 'Keep this' }])
    await client.responses.delete(id)
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
    const unkept = await client.responses.create({ model: 'fast', input: 'Hi', store: false })
    await expect(client.responses.retrieve(unkept.id)).rejects.toMatchObject({ status: 404 })
    const onward = { model: 'fast', input: 'More', previous_response_id: unkept.id }
    await expect(client.responses.create(onward)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    })
  })

  it('is told plainly what is wrong', async () => {
    const background = client.responses.create({ model: 'fast', input: 'Hi', background: true })
    await expect(background).rejects.toMatchObject({ status: 400, param: 'background' })
    await expect(client.responses.create({ model: 'fast', input: [] })).rejects.toMatchObject({ status: 400 })
    await expect(client.responses.create({ model: 'none', input: 'Hi' })).rejects.toMatchObject({ status: 404 })
    const search = { model: 'fast', input: 'Hi', tools: [{ type: 'web_search' as const }] }
    const { response } = await client.responses.create(search).withResponse()
    expect(response.headers.get('x-balanced-call-warnings')).toContain('web_search')
    const forced = client.responses.create({ ...search, tool_choice: { type: 'web_search_preview' } })
    await expect(forced).rejects.toThrow(/web_search_preview/)
  })

  it('throws a fault in the middle of a stream as a failed response', async () => {
    let last: OpenAI.Responses.ResponseStreamEvent | undefined
    for await (const event of await client.responses.create({
      model: 'sandbox/sandbox-error-mid-stream',
      input: 'Hello',
      stream: true,
    }))
      last = event
    expect(last?.type).toBe('response.failed')
  })

  it('answers who would rather have a WebSocket with 426', async () => {
    const { request } = await import('node:http')
    const status = await new Promise((resolve) => {
      const headers = { connection: 'upgrade', upgrade: 'websocket' }
      request(`${gateway.url}/v1/responses`, { headers }, (response) => resolve(response.statusCode)).end()
    })
    expect(status).toBe(426)
  })
})

describe('a data folder', () => {
  it('keeps responses over a restart, each for the client that made it', async () => {
    const data = mkdtempSync(join(tmpdir(), 'balanced-call-data-'))
    onTestFinished(() => rmSync(data, { recursive: true }))
    const config = { ...SANDBOX, server: { api_keys: { ann: 'key-ann', bob: 'key-bob' } } }
    const before = await startGateway(config, {}, { data })
    const ann = new OpenAI({ baseURL: `${before.url}/v1`, apiKey: 'key-ann', maxRetries: 0 })
    const { id } = await ann.responses.create({ model: 'fast', input: 'My name is Ann' })
    const bob = new OpenAI({ baseURL: `${before.url}/v1`, apiKey: 'key-bob', maxRetries: 0 })
    await expect(bob.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
    await before.close()
    const after = await startGateway(config, {}, { data })
    onTestFinished(() => after.close())
    const again = new OpenAI({ baseURL: `${after.url}/v1`, apiKey: 'key-ann', maxRetries: 0 })
    expect((await again.responses.retrieve(id)).output_text).toContain('My name is Ann')
  })
})
