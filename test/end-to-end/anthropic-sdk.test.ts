import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let client: Anthropic

beforeAll(async () => {
  gateway = await startGateway({
    ...SANDBOX,
    server: { api_keys: ['client-key'] },
    aliases: { 'claude-*': 'fast' },
  })
  client = new Anthropic({ baseURL: gateway.url, apiKey: 'client-key', maxRetries: 0 })
})
afterAll(() => gateway.close())

const weather = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

const hello: Anthropic.MessageParam[] = [{ role: 'user', content: 'Hello' }]

describe("Anthropic's own SDK", () => {
  it('gets a message, under the name of an alias as well', async () => {
    for (const model of ['fast', 'claude-haiku-4-5']) {
      const message = await client.messages.create({ model, max_tokens: 100, messages: hello })
      expect(message).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' })
      // and nothing else: @ai-sdk/anthropic 3 refuses a text whose citations are null
      expect(message.content[0]).toEqual({ type: 'text', text: expect.stringMatching(/./) })
      expect(message.usage.input_tokens).toBeGreaterThan(0)
      expect(message.usage.output_tokens).toBeGreaterThan(0)
    }
  })

  it('streams what it adds up to', async () => {
    let text = ''
    const stream = client.messages.stream({ model: 'fast', max_tokens: 100, messages: hello })
    stream.on('text', (more) => {
      text += more
    })
    const message = await stream.finalMessage()
    expect(text).not.toBe('')
    expect(message.content).toMatchObject([{ type: 'text', text }])
    expect(message.stop_reason).toBe('end_turn')
    expect(message.usage.output_tokens).toBeGreaterThan(0)
  })

  it('calls a tool and takes its result, whole and streamed', async () => {
    const question: Anthropic.MessageParam = { role: 'user', content: 'Use get_weather for Oslo.' }
    const request = { model: 'fast', max_tokens: 100, messages: [question], tools: [weather] }
    const tool_choice = { type: 'tool' as const, name: 'get_weather' }
    const whole = await client.messages.create({ ...request, tool_choice })
    const streamed = await client.messages.stream({ ...request, tool_choice }).finalMessage()
    for (const message of [whole, streamed]) {
      expect(message.stop_reason).toBe('tool_use')
      const call = message.content.find((block) => block.type === 'tool_use')
      expect(call).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) } })
      const answer = await client.messages.create({
        ...request,
        messages: [
          question,
          { role: 'assistant', content: message.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'Sunny' }] },
        ],
      })
      expect(answer.stop_reason).toBe('end_turn')
    }
  })

  it('runs tools to the end', async () => {
    const asked: unknown[] = []
    const message = await client.beta.messages.toolRunner({
      model: 'fast',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Use get_weather for Oslo.' }],
      tools: [
        {
          ...weather,
          parse: (input: unknown) => input,
          run: (input: unknown) => {
            asked.push(input)
            return 'Sunny'
          },
        },
      ],
    })
    expect(asked.length).toBeGreaterThan(0)
    expect(message.stop_reason).toBe('end_turn')
  })

  it('counts tokens, and says that it is an estimate', async () => {
    const { data, response } = await client.messages.countTokens({ model: 'fast', messages: hello }).withResponse()
    expect(data.input_tokens).toBeGreaterThan(0)
    expect(response.headers.get('x-balanced-call-token-count')).toBe('estimate')
  })

  it('lists models', async () => {
    const names: string[] = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toContain('fast')
    expect(await client.models.retrieve('fast')).toMatchObject({ type: 'model', id: 'fast', display_name: 'fast' })
  })

  it("meets faults as the SDK's own classes", async () => {
    const ask = (model: string): Promise<unknown> => client.messages.create({ model, max_tokens: 1, messages: hello })
    await expect(ask('nothing')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
    await expect(client.messages.create({ model: 'fast', max_tokens: 1, messages: [] })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    )
    const stranger = new Anthropic({ baseURL: gateway.url, apiKey: 'wrong', maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
    await expect(ask('nothing')).rejects.toMatchObject({
      error: { type: 'error', error: { type: 'not_found_error', message: expect.stringContaining('nothing') } },
    })
  })
})
