/**
 * Every recorded answer, whole and byte by byte, to a client of each API: both times it is told the same. The bytes come
 * to the running gateway without a network between, so that the cuts are exact; by sockets the same takes minutes
 * (`npm run exchanges`). Chat completions are held to the recorded meaning byte by byte in test/formats/recorded.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PushSource, Sink } from '../../src/runtime/push-source.ts'
import type { Client } from '../../src/upstream/http/client.ts'
import { isRecordedHere, recordings } from '../api/recorded.ts'
import { formatsOf, type Recorded } from '../formats/replay.ts'
import { startGateway, type TestGateway } from './gateway.ts'

const FAMILIES = ['openai-chat', 'anthropic', 'gemini', 'bedrock-converse', 'cohere', 'openai-responses']

/** Longer answers are cut into pieces of this many bytes: their wires have shorter ones too, which come byte by byte. */
const LONG = 12_000
const PIECE = 7

interface Door {
  path(model: string, stream: boolean): string
  body(model: string, tools: string[], stream: boolean): Record<string, unknown>
}

const KEYS = Array.from({ length: 6 }, (_, n) => `test-key-${n}`)
const SCHEMA = { type: 'object', properties: {} }
const DOORS: Record<string, Door> = {
  messages: {
    path: () => '/v1/messages',
    body: (model, tools, stream) => ({
      model,
      stream,
      max_tokens: 512,
      messages: [{ role: 'user', content: 'Hi' }],
      ...(tools.length > 0 && { tools: tools.map((name) => ({ name, input_schema: SCHEMA })) }),
    }),
  },
  responses: {
    path: () => '/v1/responses',
    body: (model, tools, stream) => ({
      model,
      stream,
      input: 'Hi',
      store: false,
      ...(tools.length > 0 && { tools: tools.map((name) => ({ type: 'function', name, parameters: SCHEMA })) }),
    }),
  },
  generateContent: {
    path: (model, stream) => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (_model, tools) => ({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      ...(tools.length > 0 && { tools: [{ functionDeclarations: tools.map((name) => ({ name })) }] }),
    }),
  },
}

/** A whole answer is put together before anything reads it, on every wire in the same way: a few will do. */
const WHOLE = 3
const exchanges = FAMILIES.flatMap((family) => {
  const all = recordings(family) as Recorded[]
  return [...all.filter(({ stream }) => stream), ...all.filter(({ stream }) => !stream).slice(0, WHOLE)]
})
const byHost = new Map(exchanges.map((each, index) => [`x${index}.test`, each]))
let piece = 0
let gateway: TestGateway

/** Answers what was recorded, in pieces of `piece` bytes; 0 is whole. */
const client: Client = {
  send({ url }) {
    const recorded = byHost.get(new URL(url).hostname)
    if (!recorded) throw new Error(`no recording behind ${url}`)
    const bytes = bytesOf(recorded)
    const type =
      recorded.response_base64 !== undefined
        ? 'application/vnd.amazon.eventstream'
        : recorded.stream
          ? 'text/event-stream'
          : 'application/json'
    const headers: Record<string, string> = { 'content-type': type }
    for (const [name, value] of Object.entries(recorded.response_headers ?? {}))
      if (name.toLowerCase() === 'content-type') headers['content-type'] = String(value)
    return Promise.resolve({ status: recorded.status, headers, body: new Pieces(bytes, piece) })
  },
  close: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
}

/** A body that comes piece by piece: iterated as far as the reader likes, then poured. */
class Pieces implements PushSource<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  private at = 0
  private readonly bytes: Uint8Array
  private readonly size: number

  constructor(bytes: Uint8Array, size: number) {
    this.bytes = bytes
    this.size = size
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.take()
    return Promise.resolve(value ? { done: false, value } : { done: true, value: undefined })
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.at = this.bytes.length
    return Promise.resolve({ done: true, value: undefined })
  }

  pushTo(into: Sink<Uint8Array>): void {
    try {
      for (let value = this.take(); value; value = this.take()) {
        const held = into.take(value)
        if (held === undefined) continue
        held.then(
          () => this.pushTo(into),
          (cause: unknown) => into.fail(cause),
        )
        return
      }
    } catch (cause) {
      return into.fail(cause)
    }
    into.end()
  }

  private take(): Uint8Array | undefined {
    if (this.at >= this.bytes.length) return undefined
    const from = this.at
    this.at = this.size === 0 ? this.bytes.length : from + this.size
    return this.bytes.subarray(from, this.at)
  }
}

function bytesOf({ response, response_text, response_base64 }: Recorded): Uint8Array {
  if (response_base64 !== undefined) return Buffer.from(response_base64, 'base64')
  return Buffer.from(response_text ?? JSON.stringify(response ?? null))
}

beforeAll(async () => {
  if (!isRecordedHere) return
  const each = [...byHost]
  gateway = await startGateway(
    {
      server: { retries: 0 },
      providers: Object.fromEntries(
        each.map(([host, recorded], index) => [
          `x${index}`,
          // a recorded fault rests the key that met it: nobody waits for that
          { format: formatsOf(recorded)[0], base_url: `http://${host}`, keys: KEYS },
        ]),
      ),
      models: Object.fromEntries(each.map(([, { model }], index) => [`m${index}`, [`x${index}/${model ?? 'm'}`]])),
    },
    {},
    { client, level: 'error' },
  )
})
afterAll(() => gateway?.close())

async function ask(door: Door, index: number, recorded: Recorded, size: number): Promise<unknown> {
  piece = size
  const tools = [...new Set((recorded.gold.tool_calls ?? []).map(({ name }) => name))]
  const model = `m${index}`
  const answer = await fetch(gateway.url + door.path(model, recorded.stream), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(door.body(model, tools, recorded.stream)),
  })
  const text = await answer.text()
  return [answer.status, text.startsWith('{') ? plain(JSON.parse(text)) : told(text)]
}

/** Names that are made anew for each answer, and times. */
const MADE = /^(?:chatcmpl|msg|resp|rs|fc|ctc|call|toolu|req)[-_][\w-]{16,}$/
const TIMES = new Set(['created', 'created_at', 'completed_at', 'sequence_number', 'obfuscation'])

function plain(value: unknown): unknown {
  if (typeof value === 'string') {
    // what this gateway encloses as encrypted content names the calls that it belongs to
    if (value.startsWith('bc1.'))
      return Buffer.from(value.slice(4), 'base64url')
        .toString()
        .replaceAll(/call_\w{16,}/g, 'made')
    return MADE.test(value) ? 'made' : value
  }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !TIMES.has(key))
      .map(([key, each]) => [key, key === 'responseId' ? 'made' : plain(each)]),
  )
}

/** The events; of those that follow each other and differ in one text alone, one with all of it. */
function told(text: string): unknown[] {
  const out: { name: string; value: unknown }[] = []
  for (const block of text.split(/\r?\n\r?\n/)) {
    if (block.trim() === '') continue
    const name = /^event: ?(.*)$/m.exec(block)?.[1] ?? ''
    const data = [...block.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n')
    const value = data.startsWith('{') ? plain(JSON.parse(data)) : data
    const last = out.at(-1)
    const joined = last?.name === name ? join(last.value, value) : undefined
    if (last && joined !== undefined) last.value = joined
    else out.push({ name, value })
  }
  return out
}

/** Fields whose text a stream tells in pieces. */
const TEXTS = new Set(['text', 'delta', 'partial_json', 'thinking', 'arguments', 'input'])

/** Two values that are equal but for one text of `TEXTS`, as one; undefined where they are not. */
function join(a: unknown, b: unknown): unknown {
  const texts: [string, string][] = []
  const same = (left: unknown, right: unknown, key: string): unknown => {
    if (typeof left === 'string' && typeof right === 'string' && TEXTS.has(key)) {
      texts.push([left, right])
      return left + right
    }
    if (typeof left !== 'object' || left === null) return left === right ? left : NaN
    if (typeof right !== 'object' || right === null) return NaN
    const keys = Object.keys(left)
    if (keys.join() !== Object.keys(right).join()) return NaN
    const pairs = keys.map((each) => [each, same(Reflect.get(left, each), Reflect.get(right, each), each)] as const)
    if (pairs.some(([, each]) => Number.isNaN(each))) return NaN
    return Array.isArray(left) ? pairs.map(([, each]) => each) : Object.fromEntries(pairs)
  }
  const joined = same(a, b, '')
  return texts.length === 1 && !Number.isNaN(joined) ? joined : undefined
}

describe.skipIf(!isRecordedHere).each(Object.keys(DOORS))('%s (skipped where no recordings are)', (name) => {
  test('tells the same of an answer whose bytes come one by one', { timeout: 120_000 }, async () => {
    const door = DOORS[name]
    if (!door) throw new Error(name)
    for (const [index, recorded] of exchanges.entries()) {
      const size = bytesOf(recorded).length > LONG ? PIECE : 1
      const whole = await ask(door, index, recorded, 0)
      expect(await ask(door, index, recorded, size), recorded.id).toEqual(whole)
    }
  })
})
