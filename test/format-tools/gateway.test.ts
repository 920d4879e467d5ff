/** The tutorial's last step: the invented vendor, on a socket, serves an OpenAI client through the whole gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp, type App } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseCases } from '../../src/format-tools/cases/case.ts'
import { tutorialConfig, tutorialSteps } from './tutorial.ts'

const last = tutorialSteps().at(-1)
const cases = parseCases('heron.cases.yaml', last?.cases ?? '')
const heard: { url: string; key: unknown; body: Record<string, unknown> }[] = []
let folder: string
let vendor: Server
let app: App
let client: OpenAI

/** Answers with what the tutorial's cases say: words, or calls where there are skills. */
async function startVendor(): Promise<Server> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      const body = JSON.parse(text) as Record<string, unknown>
      heard.push({ url: request.url ?? '', key: request.headers['heron-key'], body })
      const live = request.url?.endsWith('/live')
      const name = live ? (body['skills'] ? 'Two calls stream side by side' : 'Words stream') : "An answer's words"
      const found = cases.find((each) => each.name.startsWith(name))
      response.writeHead(200, { 'content-type': live ? 'text/event-stream' : 'application/json' })
      response.end(found?.streams ?? JSON.stringify(found?.answers))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heron-'))
  vendor = await startVendor()
  const config = tutorialConfig() as { providers: { heron: Record<string, unknown> } }
  config.providers.heron['base_url'] = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`
  writeFileSync(join(folder, 'heron.yaml'), JSON.stringify(last?.definition))
  writeFileSync(join(folder, 'providers.yaml'), JSON.stringify(config))
  app = await createApp(loadConfig(join(folder, 'providers.yaml'), { HERON_API_KEY: 'seeds' }), {
    level: 'info',
    write: () => {},
  })
  const url = await app.server.listen({ port: 0, host: '127.0.0.1' })
  client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
})

afterAll(async () => {
  await app.close()
  vendor.close()
  rmSync(folder, { recursive: true })
})

const messages = [{ role: 'user' as const, content: 'Hi' }]

test('the SDK gets the words of an invented vendor', async () => {
  const answer = await client.chat.completions.create({ model: 'fast', messages })
  expect(answer.choices[0]?.message.content).toBe('Hello!')
  expect(heard.at(-1)).toMatchObject({ url: '/v2/talk/heron-2', key: 'seeds' })
})

test('the SDK streams them, with the counts', async () => {
  const stream = client.chat.completions.stream({ model: 'fast', messages, stream_options: { include_usage: true } })
  const answer = await stream.finalChatCompletion()
  expect(answer.choices[0]?.message.content).toBe('Hello ☂')
  expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 2 })
  expect(heard.at(-1)?.url).toBe('/v2/talk/heron-2/live')
})

test('the SDK streams two tool calls that arrive side by side', async () => {
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }]
  const answer = await client.chat.completions.stream({ model: 'fast', messages, tools }).finalChatCompletion()
  const calls = answer.choices[0]?.message.tool_calls?.map((call) => call.type === 'function' && call.function)
  expect(calls).toMatchObject([
    { name: 'weather', arguments: '{"city":"Oslo"}' },
    { name: 'weather', arguments: '{"city":"Rome"}' },
  ])
})
