import OpenAI, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'

let sandbox: Sandbox
let client: OpenAI
beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
  client = new OpenAI({ apiKey: 'key-1', baseURL: `${sandbox.url}/v1`, maxRetries: 0 })
})
afterAll(() => sandbox.close())

const messages = [{ role: 'user' as const, content: 'What is the weather in Oslo?' }]

describe('the official SDK', () => {
  it('lists models', async () => {
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toContain('sandbox')
  })

  it('streams to the same answer', async () => {
    const whole = await client.chat.completions.create({ model: 'sandbox', messages })
    const streamed = await client.chat.completions
      .stream({ model: 'sandbox', messages, stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content)
    expect(streamed.usage).toEqual(whole.usage)
  })

  it('runs tools to an answer that uses what they said', async () => {
    const given: unknown[] = []
    const runner = client.chat.completions.runTools({
      model: 'sandbox',
      messages,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather of a city',
            parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
            parse: JSON.parse,
            function: (argument: unknown) => {
              given.push(argument)
              return 'snow'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toMatch(/^get_weather says: snow\./)
    expect(given).toEqual([{ city: 'Oslo' }])
  })

  it('parses structured output', async () => {
    const Step = z.object({ title: z.string(), minutes: z.number().int().min(1) })
    const Plan = z.object({ goal: z.enum(['rest', 'work']), steps: z.array(Step), note: z.string().nullable() })
    const answer = await client.chat.completions.parse({
      model: 'sandbox',
      messages,
      response_format: zodResponseFormat(Plan, 'plan'),
    })
    expect(Plan.parse(answer.choices[0]?.message.parsed)).toBeTruthy()
  })

  it('throws its own classes', async () => {
    const create = (model: string) => client.chat.completions.create({ model, messages })
    await expect(create('sandbox-401')).rejects.toBeInstanceOf(AuthenticationError)
    await expect(create('sandbox-429')).rejects.toBeInstanceOf(RateLimitError)
    await expect(create('sandbox-500')).rejects.toBeInstanceOf(InternalServerError)
    await expect(create('nothing')).rejects.toBeInstanceOf(NotFoundError)
    await expect(create('sandbox-reset')).rejects.toBeInstanceOf(APIConnectionError)
    const stream = await client.chat.completions.create({ model: 'sandbox-error', messages, stream: true })
    await expect(Array.fromAsync(stream)).rejects.toBeInstanceOf(APIError)
  })
})
