import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

describe("OpenAI's own SDK", () => {
  it('gets an answer under the name that it asked for', async () => {
    const answer = await client.chat.completions.create({
      model: 'fast',
      messages: [{ role: 'user', content: 'Hello' }],
    })
    expect(answer.object).toBe('chat.completion')
    expect(answer.model).toBe('fast')
    expect(answer.choices[0]?.message.content).toBeTruthy()
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.total_tokens).toBe((answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0))
  })

  it('streams, with one usage chunk last when asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'fast',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason)).toHaveLength(1)
    expect(chunks.filter((chunk) => chunk.usage)).toHaveLength(1)
    expect(chunks.at(-1)?.choices).toEqual([])
  })

  it('makes no chunk of usage in a stream that did not ask for it', async () => {
    const stream = await client.chat.completions.create({
      model: 'fast',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    })
    // what the upstream told unasked rides on the chunk with the finish
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1)
  })

  it('finalises a message with the .stream() helper', async () => {
    const runner = client.chat.completions.stream({
      model: 'fast',
      messages: [{ role: 'user', content: 'Hello there' }],
    })
    let text = ''
    runner.on('content', (delta) => {
      text += delta
    })
    const final = await runner.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe(text)
  })

  it('runs tools to the end', async () => {
    const asked: unknown[] = []
    const runner = client.chat.completions.runTools({
      model: 'fast',
      messages: [{ role: 'user', content: 'Use get_weather for Oslo.' }],
      tools: [
        {
          type: 'function',
          function: {
            ...weather.function,
            parse: JSON.parse,
            function: (input: unknown) => {
              asked.push(input)
              return 'It is 4 degrees.'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBeTruthy()
    expect(asked).toHaveLength(1)
    expect(asked[0]).toHaveProperty('city')
  })

  it('streams tool calls that its helper accepts', async () => {
    const runner = client.chat.completions.stream({
      model: 'fast',
      messages: [{ role: 'user', content: 'Use get_weather for Oslo.' }],
      tools: [weather],
      tool_choice: 'required',
    })
    const final = await runner.finalChatCompletion()
    const call = final.choices[0]?.message.tool_calls?.[0]
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toHaveProperty('city')
  })

  it('parses an answer by a schema', async () => {
    const Person = z.object({ name: z.string(), age: z.number() })
    const answer = await client.chat.completions.parse({
      model: 'fast',
      messages: [{ role: 'user', content: 'A person' }],
      response_format: zodResponseFormat(Person, 'person'),
    })
    expect(Person.parse(answer.choices[0]?.message.parsed)).toBeTruthy()
  })

  it('lists models, and retrieves one whose id has a slash', async () => {
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toContain('fast')
    expect(ids).toContain('sandbox/sandbox-fast')
    expect((await client.models.retrieve('sandbox/sandbox-fast')).id).toBe('sandbox/sandbox-fast')
  })

  it('meets its own error classes', async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const unknown = client.chat.completions.create({ model: 'fats', messages })
    await expect(unknown).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(unknown).rejects.toMatchObject({ code: 'model_not_found', message: expect.stringContaining('fast') })
    const empty = client.chat.completions.create({ model: 'fast', messages: [] })
    await expect(empty).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    await expect(empty).rejects.toMatchObject({ param: 'messages' })
    const limited = client.chat.completions.create({ model: 'sandbox/sandbox-429', messages })
    await expect(limited).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    const broken = client.chat.completions.create({ model: 'sandbox/sandbox-500', messages })
    await expect(broken).rejects.toBeInstanceOf(OpenAI.InternalServerError)
  })

  it('throws what broke a stream in its middle', async () => {
    const stream = await client.chat.completions.create({
      model: 'sandbox/sandbox-cut',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
    })
    const read = async (): Promise<string> => {
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    }
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
  })

  it('aborts, and the key is free again', async () => {
    const stream = await client.chat.completions.create({
      model: 'sandbox/sandbox-slow',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
    })
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk')
      stream.controller.abort()
    }
    await expect.poll(() => gateway.app.scheduler.report().inFlight).toBe(0)
  })
})
