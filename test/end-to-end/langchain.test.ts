/** LangChain by each of the APIs that its own packages speak. */
import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from '@langchain/google-genai'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  const embedding = { format: 'openai', base_url: 'sandbox:', keyless: true, models: { 'sandbox-embed': {} } }
  gateway = await startGateway({
    ...SANDBOX,
    providers: { ...SANDBOX.providers, vectors: embedding },
    server: { api_keys: ['client-key'] },
    aliases: { embed: 'vectors/sandbox-embed' },
  })
})
afterAll(() => gateway.close())

const openai = (model: string, apiKey: string, useResponsesApi: boolean): BaseChatModel =>
  new ChatOpenAI({ model, apiKey, configuration: { baseURL: `${gateway.url}/v1` }, maxRetries: 0, useResponsesApi })

const CLASSES: Record<string, (model: string, key: string) => BaseChatModel> = {
  'ChatOpenAI, chat completions': (model, key) => openai(model, key, false),
  'ChatOpenAI, Responses': (model, key) => openai(model, key, true),
  ChatAnthropic: (model, apiKey) => new ChatAnthropic({ model, apiKey, anthropicApiUrl: gateway.url, maxRetries: 0 }),
  ChatGoogleGenerativeAI: (model, apiKey) =>
    new ChatGoogleGenerativeAI({ model, apiKey, baseUrl: gateway.url, maxRetries: 0 }),
}

const weather = tool(() => 'It is 4 degrees.', {
  name: 'get_weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
})

describe.each(Object.entries(CLASSES))('%s of LangChain with its base URL swapped', (_, make) => {
  const model = (name = 'fast', key = 'client-key'): BaseChatModel => make(name, key)

  it('invokes', async () => {
    const answer = await model().invoke('Hello')
    expect(answer.text).toContain('Hello')
    expect(answer.usage_metadata?.total_tokens).toBeGreaterThan(0)
  })

  it('streams the same text', async () => {
    const pieces: string[] = []
    for await (const chunk of await model().stream('Hello')) pieces.push(chunk.text)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe((await model().invoke('Hello')).text)
  })

  it('calls a tool and takes its result', async () => {
    const bound = model().bindTools?.([weather])
    if (!bound) throw new Error('takes no tools')
    const question = new HumanMessage('Use get_weather for Oslo.')
    const call = await bound.invoke([question])
    expect(AIMessage.isInstance(call) && call.tool_calls).toMatchObject([
      { name: 'get_weather', args: { city: 'Oslo' } },
    ])
    const [asked] = (call as AIMessage).tool_calls ?? []
    const result = new ToolMessage({ content: 'It is 4 degrees.', tool_call_id: asked?.id ?? '', name: 'get_weather' })
    const answer = await bound.invoke([question, call, result])
    expect(answer.text).toContain('It is 4 degrees.')
  })

  it('gives structured output', async () => {
    const schema = z.object({ name: z.string(), age: z.number() })
    const answer = await model().withStructuredOutput(schema, { name: 'person' }).invoke('A person')
    expect(answer).toEqual({ name: expect.any(String), age: expect.any(Number) })
  })

  it('is told what went wrong', async () => {
    await expect(model('fast', 'wrong').invoke('Hello')).rejects.toThrow(/401|API key/)
    await expect(model('nothing').invoke('Hello')).rejects.toThrow(/'nothing'/)
  })
})

describe('embeddings of LangChain', () => {
  it.each([
    [
      'OpenAIEmbeddings',
      () =>
        new OpenAIEmbeddings({ model: 'embed', apiKey: 'client-key', configuration: { baseURL: `${gateway.url}/v1` } }),
    ],
    [
      'GoogleGenerativeAIEmbeddings',
      () => new GoogleGenerativeAIEmbeddings({ model: 'embed', apiKey: 'client-key', baseUrl: gateway.url }),
    ],
  ])('by %s', async (_, make) => {
    const vectors = await make().embedDocuments(['one', 'two'])
    expect(vectors).toHaveLength(2)
    expect(vectors[0]).not.toEqual(vectors[1])
    expect((await make().embedQuery('one')).length).toBe(vectors[0]?.length)
  })
})
