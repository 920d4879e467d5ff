import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let model: ReturnType<ReturnType<typeof createOpenAICompatible>>

beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
  model = createOpenAICompatible({
    name: 'balanced-call',
    baseURL: `${gateway.url}/v1`,
    apiKey: 'any',
    includeUsage: true,
  })('fast')
})
afterAll(() => gateway.close())

const tools = {
  get_weather: tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async () => 'It is 4 degrees.',
  }),
}

describe("Vercel's AI SDK", () => {
  it('generates text', async () => {
    const { text, usage, finishReason } = await generateText({ model, prompt: 'Hello', maxRetries: 0 })
    expect(text).toBeTruthy()
    expect(usage.totalTokens).toBeGreaterThan(0)
    expect(finishReason).toBe('stop')
  })

  it('streams text through a tool call', async () => {
    const result = streamText({
      model,
      prompt: 'Use get_weather for Oslo.',
      tools,
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    })
    let text = ''
    for await (const delta of result.textStream) text += delta
    const steps = await result.steps
    expect(steps.flatMap((step) => step.toolResults)).toHaveLength(1)
    expect(text).toBeTruthy()
    expect((await result.totalUsage).totalTokens).toBeGreaterThan(0)
  })
})
