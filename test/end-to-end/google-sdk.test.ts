import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let client: GoogleGenAI

beforeAll(async () => {
  gateway = await startGateway({ ...SANDBOX, server: { api_keys: ['client-key'] }, aliases: { 'gemini-*': 'fast' } })
  client = new GoogleGenAI({ apiKey: 'client-key', httpOptions: { baseUrl: gateway.url } })
})
afterAll(() => gateway.close())

const weather = {
  name: 'get_weather',
  description: 'The weather in a city',
  parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

describe("Google's own SDK", () => {
  it('gets an answer, under the name of an alias as well', async () => {
    for (const model of ['fast', 'gemini-3-flash']) {
      const answer = await client.models.generateContent({ model, contents: 'Hello' })
      expect(answer.text).toMatch(/./)
      expect(answer.candidates?.[0]?.finishReason).toBe('STOP')
      expect(answer.usageMetadata?.promptTokenCount).toBeGreaterThan(0)
    }
  })

  it('streams, and says the reason and the usage last', async () => {
    let text = ''
    let last
    for await (const chunk of await client.models.generateContentStream({ model: 'fast', contents: 'Hello' })) {
      text += chunk.text ?? ''
      last = chunk
    }
    expect(text).toMatch(/./)
    expect(last?.candidates?.[0]?.finishReason).toBe('STOP')
    expect(last?.usageMetadata?.candidatesTokenCount).toBeGreaterThan(0)
  })

  it('chats', async () => {
    const chat = client.chats.create({ model: 'fast' })
    expect((await chat.sendMessage({ message: 'Hello' })).text).toMatch(/./)
    let text = ''
    for await (const chunk of await chat.sendMessageStream({ message: 'And now?' })) text += chunk.text ?? ''
    expect(text).toMatch(/./)
    expect(chat.getHistory().map(({ role }) => role)[0]).toBe('user')
  })

  it('calls functions and takes their results', async () => {
    const config = {
      tools: [{ functionDeclarations: [weather] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
    }
    const question = { role: 'user', parts: [{ text: 'Use get_weather for Oslo.' }] }
    const answer = await client.models.generateContent({ model: 'fast', contents: [question], config })
    const call = answer.functionCalls?.[0]
    expect(call).toMatchObject({ name: 'get_weather', args: { city: expect.any(String) } })
    const result = { functionResponse: { id: call?.id, name: 'get_weather', response: { output: 'Sunny' } } }
    const contents = [
      question,
      { role: 'model', parts: answer.candidates?.[0]?.content?.parts ?? [] },
      { role: 'user', parts: [result] },
    ]
    const then = await client.models.generateContent({ model: 'fast', contents, config: { tools: config.tools } })
    expect(then.text).toMatch(/./)
  })

  it('counts tokens and lists models', async () => {
    expect((await client.models.countTokens({ model: 'fast', contents: 'Hello' })).totalTokens).toBeGreaterThan(0)
    expect((await client.models.get({ model: 'fast' })).name).toBe('models/fast')
    const names: (string | undefined)[] = []
    for await (const model of await client.models.list()) names.push(model.name)
    expect(names).toContain('models/fast')
  })

  it('meets faults in its own shape', async () => {
    const fault = client.models.generateContent({ model: 'nothing', contents: 'Hello' })
    await expect(fault).rejects.toBeInstanceOf(ApiError)
    await expect(fault).rejects.toMatchObject({ status: 404 })
    const answer = await fetch(`${gateway.url}/v1beta/models/fast:generateContent?key=wrong`, {
      method: 'POST',
      body: '{}',
    })
    expect(await answer.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } })
  })

  it('gives a stream as one JSON array where nobody asks for events', async () => {
    const answer = await fetch(`${gateway.url}/v1beta/models/fast:streamGenerateContent?key=client-key`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
    })
    const chunks = (await answer.json()) as { candidates: { finishReason?: string }[] }[]
    expect(chunks.at(-1)?.candidates[0]?.finishReason).toBe('STOP')
  })
})
