import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let model: ChatOpenAI

beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
  model = new ChatOpenAI({
    model: 'fast',
    apiKey: 'any',
    configuration: { baseURL: `${gateway.url}/v1` },
    maxRetries: 0,
  })
})
afterAll(() => gateway.close())

describe('LangChain with its base URL swapped', () => {
  it('invokes', async () => {
    const answer = await model.invoke('Hello')
    expect(answer.text).toBeTruthy()
    expect(answer.usage_metadata?.total_tokens).toBeGreaterThan(0)
  })

  it('streams', async () => {
    let text = ''
    for await (const chunk of await model.stream('Hello')) text += chunk.text
    expect(text).toBeTruthy()
  })

  it('binds tools', async () => {
    const weather = tool(() => 'fine', {
      name: 'get_weather',
      description: 'The weather in a city',
      schema: z.object({ city: z.string() }),
    })
    const answer = await model.bindTools([weather]).invoke('Use get_weather for Oslo.')
    expect(answer.tool_calls?.[0]).toMatchObject({ name: 'get_weather', args: { city: expect.any(String) } })
  })

  it('gives structured output', async () => {
    const answer = await model
      .withStructuredOutput(z.object({ name: z.string(), age: z.number() }), { name: 'person' })
      .invoke('A person')
    expect(answer).toEqual({ name: expect.any(String), age: expect.any(Number) })
  })
})
