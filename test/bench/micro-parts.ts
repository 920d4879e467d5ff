/** The parts that are measured alone: how each is done here, and how else it could be. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { createClientDirectory } from '../../src/api/access/client-directory.ts'
import { createKeyCheck } from '../../src/api/access/client-key.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/config.ts'
import { cacheAffinityKey } from '../../src/gateway/cache-affinity-key.ts'
import { estimateInput, needsOf } from '../../src/gateway/estimate.ts'
import { createLog } from '../../src/observability/log.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { schedulerSpec } from '../../src/app/scheduler-spec.ts'
import { sse } from '../../src/upstream/response/framing/sse.ts'
import type { Format } from '../../src/upstream/types.ts'
import { wireOf } from './wire.ts'
import { configuration } from './phases.ts'

type Part = () => (() => unknown) | Promise<() => unknown>

function config(keys = 2): Config {
  const written = configuration(1) as { providers: Record<string, { keys: string[] }> }
  const openai = written.providers['openai']
  if (openai) openai.keys = Array.from({ length: keys }, (_, i) => `key-of-openai-${i}`)
  const file = join(mkdtempSync(join(tmpdir(), 'balanced-call-micro-')), 'providers.yaml')
  writeFileSync(file, JSON.stringify(written))
  return loadConfig(file, {})
}

const body = (prompt: number, stream = false): Record<string, unknown> => ({
  model: 'openai/bench-json',
  messages: [
    { role: 'user', content: 'What does the tide carry today? '.repeat(Math.ceil(prompt / 32)).slice(0, prompt) },
  ],
  ...(stream && { stream }),
})

function formatOf(name: string): Format {
  const provider = config().providers.find((each) => each.name === name)
  if (!provider) throw new Error(`no provider ${name}`)
  return provider.format
}

const target = { base_url: 'http://127.0.0.1:1/v1', model: 'bench-json', secret: 'key-1', headers: {} }
const encode = (name: string, prompt: number) => (): (() => unknown) => {
  const format = formatOf(name)
  const text = JSON.stringify(body(prompt))
  const bytes = Buffer.from(text)
  const parsed = parseChatRequest(JSON.parse(text))
  const request = { ...parsed, received: { body: parsed.body, bytes: { json: bytes } } }
  return () => format.encode(request, target)
}
const answer = (name: string, path: string) => (): (() => unknown) => {
  const format = formatOf(name)
  const request = parseChatRequest(body(60))
  const value = JSON.parse(wireOf(path).json(1024)) as object
  return () => {
    const completion = createCompletion(request, { model: 'm', created: 1 })
    completion.take(format.decodeBody({ ...value }, request))
    return JSON.stringify(completion.end(true))
  }
}
const chunks = (name: string, path: string) => (): (() => unknown) => {
  const format = formatOf(name)
  const request = parseChatRequest(body(60, true))
  const events = wireOf(path).stream(200).slice(0, -3)
  const reads = events.map((event) => Buffer.from(event))
  let framer = sse()
  let decoder = format.decoder(request)
  let writer = createChunkWriter(request, { model: 'm', created: 1 })
  let i = 0
  return () => {
    if (i === reads.length) {
      i = 0
      framer = sse()
      decoder = format.decoder(request)
      writer = createChunkWriter(request, { model: 'm', created: 1 })
    }
    const out: Delta[] = []
    for (const event of framer.push(reads[i++] ?? Buffer.alloc(0))) decoder.decode(event, out)
    return writer.write(out)
  }
}

const schedule =
  (keys: number): Part =>
  async () => {
    const scheduler = createScheduler(await schedulerSpec(config(keys)))
    const signal = new AbortController().signal
    return async () => {
      const lease = await scheduler.acquire({
        model: 'openai/bench-json',
        input: 20,
        maxOutput: null,
        needs: {},
        affinity: 'abc',
        exclude: new Set(),
        signal,
      })
      lease.started(5)
      lease.settle({ input: 20, output: 100 })
    }
  }

const RECORD = {
  id: 'req_0123456789abcdef0123456789abcdef',
  client: undefined,
  model: 'openai/bench-json',
  stream: false,
  outcome: 'ok',
  provider: 'openai',
  upstream_model: 'bench-json',
  key: 'openai#1',
  attempts: 1,
  queue_ms: 0,
  first_ms: 12,
  total_ms: 15,
  input_tokens: 20,
  output_tokens: 100,
} as const

export const PARTS: Record<string, Part> = {
  'client key': () => {
    const check = createKeyCheck(createClientDirectory({ names: new Map([['bench', 'bench']]) }))
    return () => check({ authorization: 'Bearer bench' })
  },
  'request: JSON.parse, 1 kB': () => {
    const bytes = Buffer.from(JSON.stringify(body(900)))
    return () => JSON.parse(bytes.toString())
  },
  'request: JSON.parse, 200 kB': () => {
    const bytes = Buffer.from(JSON.stringify(body(200_000)))
    return () => JSON.parse(bytes.toString())
  },
  'request: schema': () => {
    const request = body(60)
    return () => checkChatRequest(request)
  },
  'request: normal form': () => {
    const request = body(60)
    return () => parseChatRequest(request)
  },
  'request: estimate, needs, affinity': () => {
    const request = parseChatRequest(body(60))
    return () => [estimateInput(request), needsOf(request), cacheAffinityKey(request, {})]
  },
  'scheduler: acquire and settle, 2 keys': schedule(2),
  'scheduler: acquire and settle, 10 keys': schedule(10),
  'scheduler: acquire and settle, 10,000 keys': schedule(10_000),
  'encode: OpenAI': encode('openai', 60),
  'encode: OpenAI, 200 kB': encode('openai', 200_000),
  'encode: Anthropic': encode('anthropic', 60),
  'encode: Gemini': encode('gemini', 60),
  'answer, 1 kB: OpenAI': answer('openai', '/chat/completions'),
  'answer, 1 kB: Anthropic': answer('anthropic', '/messages'),
  'answer, 1 kB: Gemini': answer('gemini', ':generateContent'),
  'chunk: OpenAI': chunks('openai', '/chat/completions'),
  'chunk: Anthropic': chunks('anthropic', '/messages'),
  'chunk: Gemini': chunks('gemini', ':streamGenerateContent'),
  'log line': () => {
    const log = createLog({ level: 'info', redact: (text) => text, write: () => {} })
    return () => log.record(RECORD)
  },
  metrics: () => {
    const metrics = createMetrics(new Set(['openai/bench-json']))
    return () => metrics.record(RECORD)
  },
}
