import { Ollama, type ChatResponse, type Message } from 'ollama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let client: Ollama

beforeAll(async () => {
  const { sandbox } = SANDBOX.providers
  gateway = await startGateway({
    providers: {
      sandbox: {
        ...sandbox,
        models: { 'sandbox-fast': { context: 32_000, vision: false }, 'sandbox-think-fast': {}, 'sandbox-embed': {} },
      },
    },
    models: { fast: ['sandbox/sandbox-fast'], thinking: ['sandbox/sandbox-think-fast'] },
    aliases: { 'llama*': 'fast' },
    server: { ollama: true, api_keys: ['client-key'] },
  })
  client = new Ollama({ host: gateway.url, headers: { authorization: 'Bearer client-key' } })
})
afterAll(() => gateway.close())

const hello: Message[] = [{ role: 'user', content: 'Hello' }]
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

describe("Ollama's own client", () => {
  it.each(['fast', 'fast:latest', 'llama3.2', 'sandbox/sandbox-fast'])('chats with %s', async (model) => {
    const answer = await client.chat({ model, messages: hello })
    expect(answer).toMatchObject({ model, done: true, done_reason: 'stop', message: { role: 'assistant' } })
    expect(answer.message.content).not.toBe('')
    for (const count of [answer.total_duration, answer.eval_duration, answer.prompt_eval_count, answer.eval_count])
      expect(Number.isInteger(count) && count > 0).toBe(true)
    expect(Date.parse(String(answer.created_at))).toBeGreaterThan(0)
  })

  it('streams what it adds up to', async () => {
    const pieces: ChatResponse[] = []
    for await (const piece of await client.chat({ model: 'fast', messages: hello, stream: true })) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.slice(0, -1).every(({ done }) => !done)).toBe(true)
    expect(pieces.at(-1)).toMatchObject({ done: true, done_reason: 'stop', message: { content: '' } })
    expect(pieces.at(-1)?.eval_count).toBeGreaterThan(0)
    expect(pieces.map(({ message }) => message.content).join('')).not.toBe('')
  })

  it('is told thoughts apart from the answer', async () => {
    const request = { model: 'thinking', messages: hello, think: true }
    const whole = await client.chat(request)
    let thinking = ''
    for await (const { message } of await client.chat({ ...request, stream: true })) thinking += message.thinking ?? ''
    expect(whole.message.thinking).toMatch(/./)
    expect(thinking).toMatch(/./)
    expect(whole.message.content).not.toContain(whole.message.thinking)
  })

  it('calls a tool and takes its result, whole and streamed', async () => {
    const messages: Message[] = [{ role: 'user', content: 'Use get_weather for Oslo.' }]
    const request = { model: 'fast', messages, tools: [weather] }
    const whole = await client.chat(request)
    const streamed: Message = { role: 'assistant', content: '', tool_calls: [] }
    for await (const { message } of await client.chat({ ...request, stream: true }))
      streamed.tool_calls?.push(...(message.tool_calls ?? []))
    for (const message of [whole.message, streamed]) {
      expect(message.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: { city: 'Oslo' } } }])
      const result: Message = { role: 'tool', tool_name: 'get_weather', content: 'Sunny' }
      const answer = await client.chat({ ...request, messages: [...messages, message, result] })
      expect(answer.message.content).not.toBe('')
    }
  })

  it('completes a prompt, whole and streamed', async () => {
    const request = { model: 'fast', prompt: 'Hello', system: 'Be brief.' }
    const whole = await client.generate(request)
    expect(whole).toMatchObject({
      model: 'fast',
      done: true,
      done_reason: 'stop',
      response: expect.stringMatching(/./),
    })
    let text = ''
    for await (const { response } of await client.generate({ ...request, stream: true })) text += response ?? ''
    expect(text).not.toBe('')
  })

  it.each([{ raw: true }, { suffix: 'return a\n}' }])('completes code: %j', async (fields) => {
    const { response } = await client.generate({ model: 'fast', prompt: 'function f(a) {', ...fields })
    expect(response).toMatch(/./)
  })

  it('answers in a form, and obeys options', async () => {
    const format = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const formed = await client.chat({ model: 'fast', messages: hello, format })
    expect(JSON.parse(formed.message.content)).toMatchObject({ city: expect.any(String) })
    const json = await client.generate({ model: 'fast', prompt: 'Some JSON, please.', format: 'json' })
    expect(JSON.parse(json.response ?? '')).toBeTypeOf('object')
    const short = await client.chat({ model: 'fast', messages: hello, options: { num_predict: 2, temperature: 0 } })
    expect([short.done_reason, short.eval_count]).toEqual(['length', 2])
  })

  it('takes pictures as bytes', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const answer = await client.chat({
      model: 'thinking',
      messages: [{ role: 'user', content: 'What is it?', images: [png] }],
    })
    expect(answer.done).toBe(true)
  })

  it('gets vectors, by the old way too', async () => {
    const input = ['a cat', 'a dog']
    const { embeddings, prompt_eval_count } = await client.embed({
      model: 'sandbox/sandbox-embed',
      input,
      dimensions: 8,
    })
    expect(embeddings.map((vector) => vector.length)).toEqual([8, 8])
    expect(prompt_eval_count).toBeGreaterThan(0)
    const { embedding } = await client.embeddings({ model: 'sandbox/sandbox-embed', prompt: 'a cat' })
    expect(embedding).toHaveLength(256)
    expect((await client.embed({ model: 'sandbox/sandbox-embed', input: [] })).embeddings).toEqual([])
  })

  it('loads a model by asking nothing', async () => {
    expect(await client.chat({ model: 'fast', messages: [] })).toMatchObject({ done: true, done_reason: 'load' })
    expect(await client.generate({ model: 'fast', prompt: '' })).toMatchObject({ response: '', done_reason: 'load' })
    expect(await client.chat({ model: 'fast', messages: [], keep_alive: 0 })).toMatchObject({ done_reason: 'unload' })
  })

  it('lists and shows models', async () => {
    const { models } = await client.list()
    expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining(['fast', 'sandbox/sandbox-embed']))
    const shown = await client.show({ model: 'fast' })
    expect(shown.capabilities).toEqual(['completion', 'tools'])
    expect(shown.model_info).toMatchObject({ 'balanced-call.context_length': 32_000 })
    expect((await client.show({ model: 'thinking:latest' })).capabilities).toContain('vision')
    expect((await client.show({ model: 'sandbox/sandbox-embed' })).capabilities).toEqual(['embedding'])
    expect((await client.ps()).models).toEqual([])
    // VS Code wants 0.6.4 or later
    expect((await client.version()).version).toMatch(/^0\.([7-9]|\d\d)\.\d+$/)
  })

  it('meets faults as texts, with their status', async () => {
    await expect(client.chat({ model: 'nothing', messages: hello })).rejects.toMatchObject({
      status_code: 404,
      error: expect.stringContaining('not found'),
    })
    for (const ask of [client.show({ model: 'nothing' }), client.chat({ model: 'nothing', messages: [] })])
      await expect(ask).rejects.toMatchObject({ status_code: 404 })
    await expect(client.pull({ model: 'llama3.2' })).rejects.toMatchObject({
      status_code: 404,
      error: expect.stringContaining('keeps no models'),
    })
    const hot = { model: 'fast', messages: hello, options: { temperature: 'hot' as never } }
    await expect(client.chat(hot)).rejects.toMatchObject({
      status_code: 400,
      error: expect.stringContaining('options.temperature'),
    })
    const stranger = new Ollama({ host: gateway.url })
    await expect(stranger.list()).rejects.toMatchObject({ status_code: 401, error: expect.any(String) })
  })

  it('finds a server that runs', async () => {
    const headers = { authorization: 'Bearer client-key' }
    const root = await fetch(gateway.url, { headers })
    expect([root.status, await root.text()]).toEqual([200, 'Ollama is running'])
    expect((await fetch(gateway.url, { method: 'HEAD', headers })).status).toBe(200)
  })
})

it('is told what to set where the configuration does not ask for it', async () => {
  const without = await startGateway(SANDBOX)
  const stranger = new Ollama({ host: without.url })
  await expect(stranger.chat({ model: 'fast', messages: hello })).rejects.toMatchObject({
    status_code: 404,
    error: expect.stringContaining('server.ollama: true'),
  })
  await without.close()
})
