/** Vercel's AI SDK by each of the APIs that its providers speak: Responses, Messages, generateContent, chat completions. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool, type LanguageModel } from 'ai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { DONE, startUpstream, WIRES, type Upstream } from '../agents/upstreams.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
/** One of each wire, that calls a tool. */
const upstreams = new Map<string, Upstream>()

beforeAll(async () => {
  vi.stubGlobal('AI_SDK_LOG_WARNINGS', false)
  const embedding = { format: 'openai', base_url: 'sandbox:', keyless: true, models: { 'sandbox-embed': {} } }
  for (const [name, wire] of Object.entries(WIRES)) upstreams.set(name, await startUpstream(wire))
  const wires = Object.entries(WIRES).map(([name, { format }]) => {
    return [name, { format, base_url: upstreams.get(name)?.url, keys: ['secret-1'], models: { m: {} } }]
  })
  gateway = await startGateway({
    ...SANDBOX,
    providers: { ...SANDBOX.providers, vectors: embedding, ...Object.fromEntries(wires) },
    server: { api_keys: ['client-key'] },
  })
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await gateway.close()
  for (const upstream of upstreams.values()) upstream.close()
})

const apiKey = 'client-key'
const PROVIDERS: Record<string, (name: string, key?: string) => LanguageModel> = {
  '@ai-sdk/openai': (name, key = apiKey) => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key })(name),
  '@ai-sdk/anthropic': (name, key = apiKey) => createAnthropic({ baseURL: `${gateway.url}/v1`, apiKey: key })(name),
  '@ai-sdk/google': (name, key = apiKey) => createGoogle({ baseURL: `${gateway.url}/v1beta`, apiKey: key })(name),
  '@ai-sdk/openai-compatible': (name, key = apiKey) =>
    createOpenAICompatible({
      name: 'balanced-call',
      baseURL: `${gateway.url}/v1`,
      apiKey: key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(name),
}

const weather = () => {
  const cities: string[] = []
  const execute = async ({ city }: { city: string }): Promise<string> => {
    cities.push(city)
    return 'It is 4 degrees.'
  }
  const get_weather = tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute,
  })
  return { cities, tools: { get_weather } }
}
const prompt = 'Use get_weather for Oslo.'
const rest = { stopWhen: stepCountIs(3), maxRetries: 0 }

describe.each(Object.entries(PROVIDERS))("Vercel's AI SDK by %s", (_, model) => {
  it('generates text', async () => {
    const answer = await generateText({ model: model('fast'), prompt: 'Hello', maxRetries: 0 })
    expect(answer.text).toContain('Hello')
    expect(answer.usage.inputTokens).toBeGreaterThan(0)
    expect(answer.usage.outputTokens).toBeGreaterThan(0)
    expect(answer.finishReason).toBe('stop')
  })

  it('streams the same text', async () => {
    const whole = await generateText({ model: model('fast'), prompt: 'Hello', maxRetries: 0 })
    const stream = streamText({ model: model('fast'), prompt: 'Hello', maxRetries: 0 })
    let text = ''
    let pieces = 0
    for await (const delta of stream.textStream) {
      text += delta
      pieces++
    }
    expect(text).toBe(whole.text)
    expect(pieces).toBeGreaterThan(1)
    expect(await stream.finishReason).toBe('stop')
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens)
  })

  it('generates and streams through a tool call', async () => {
    const whole = weather()
    const answer = await generateText({ model: model('fast'), prompt, ...rest, tools: whole.tools })
    expect(whole.cities).toEqual(['Oslo'])
    expect(answer.text).toContain('It is 4 degrees.')
    const streamed = weather()
    const stream = streamText({ model: model('fast'), prompt, ...rest, tools: streamed.tools })
    expect(await stream.text).toBe(answer.text)
    expect(streamed.cities).toEqual(['Oslo'])
    expect((await stream.steps).map((step) => step.finishReason)).toEqual(['tool-calls', 'stop'])
  })

  it('gives an object of a schema, whole and streamed', async () => {
    const output = Output.object({ schema: z.object({ name: z.string(), age: z.number() }) })
    const person = { name: expect.any(String), age: expect.any(Number) }
    const ask = { model: model('fast'), prompt: 'A person', maxRetries: 0, output }
    expect((await generateText(ask)).output).toEqual(person)
    expect(await streamText(ask).output).toEqual(person)
  })

  it.each(Object.keys(WIRES))('over %s: the tool is called once, and the turn ends', async (wire) => {
    const commands: string[] = []
    const bash = tool({
      description: 'Runs a command',
      inputSchema: z.object({ command: z.string() }),
      execute: async ({ command }) => {
        commands.push(command)
        return 'hello'
      },
    })
    const ask = {
      model: model(`${wire}/m`),
      prompt: 'Say hello by a command.',
      tools: { bash },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    }
    const before = upstreams.get(wire)?.results() ?? 0
    const whole = await generateText(ask)
    const stream = streamText(ask)
    for (const turn of [whole, { text: await stream.text, steps: await stream.steps, usage: await stream.usage }]) {
      expect(turn.text).toBe(DONE)
      expect(turn.steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop'])
      for (const { usage } of turn.steps) expect([usage.inputTokens, usage.outputTokens]).toEqual([10, 5])
    }
    expect(commands).toEqual(['echo hello', 'echo hello'])
    expect((upstreams.get(wire)?.results() ?? 0) - before).toBe(2)
  })

  it('is told what went wrong: a key, a model, a stream that breaks', async () => {
    const ask = async (of: LanguageModel): Promise<unknown> =>
      generateText({ model: of, prompt: 'Hello', maxRetries: 0 }).then(
        () => undefined,
        (fault: unknown) => fault,
      )
    const [stranger, unknown] = [await ask(model('fast', 'wrong')), await ask(model('nothing'))]
    expect(APICallError.isInstance(stranger) && stranger.statusCode).toBe(401)
    expect(APICallError.isInstance(unknown) && unknown.statusCode).toBe(404)
    expect(String(unknown)).toContain("'nothing'")
    const faults: unknown[] = []
    const broken = streamText({
      model: model('sandbox/sandbox-error-mid-stream'),
      prompt: 'Hello',
      maxRetries: 0,
      onError: ({ error }) => void faults.push(error),
    })
    for await (const _delta of broken.textStream);
    expect(faults).toHaveLength(1)
  })
})

describe("Vercel's AI SDK", () => {
  it.each([
    ['@ai-sdk/openai', () => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey }).embedding('vectors/sandbox-embed')],
    [
      '@ai-sdk/google',
      () => createGoogle({ baseURL: `${gateway.url}/v1beta`, apiKey }).embedding('vectors/sandbox-embed'),
    ],
  ])('embeds by %s', async (_, model) => {
    const { embeddings } = await embedMany({ model: model(), values: ['one', 'two'], maxRetries: 0 })
    expect(embeddings).toHaveLength(2)
    expect(embeddings[0]).not.toEqual(embeddings[1])
  })

  it('reads thoughts, by each API', async () => {
    for (const model of Object.values(PROVIDERS)) {
      const answer = await generateText({ model: model('sandbox/sandbox-think'), prompt: 'Why?', maxRetries: 0 })
      expect(answer.reasoningText).toBeTruthy()
      expect(answer.text).toBeTruthy()
    }
  })
})
