/** Whatever an upstream sends, in whatever pieces: no crash, no hang, and no client sees a chunk that is none. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { shippedNames } from '../../src/config/sections/formats.ts'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { FRAMINGS } from '../../src/upstream/response/framing/index.ts'
import { recordings } from '../api/recorded.ts'
import { readStream } from '../api/read-stream.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { effort, PATIENCE } from './effort.ts'

const FORMATS = shippedNames().map((name) => checkFormatFile(`src/formats/${name}.yaml`))
const REQUEST = parseChatRequest({
  model: 'm',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'Hello' }],
})
const META = { model: 'm', created: 1 }
const MAX_EVENT = 64 * 1024

/** Bytes in pieces: cut at arbitrary places, as networks do. */
function pieces(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : (at[i - 1] ?? 0), end))
}

/** Runs `work`; the only thing that may be thrown is the one error that crosses boundaries. */
function orGatewayError(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
}

/** The stream through framing, format and writer, as the server does it; what the client gets is read strictly. */
function through(format: (typeof FORMATS)[number], reads: readonly Uint8Array[]): void {
  const writer = createChunkWriter(REQUEST, META)
  const framer = format.framing({ maxEvent: MAX_EVENT })
  const decoder = format.decoder(REQUEST)
  let text = ''
  let done = false
  const take = (events: ReturnType<typeof framer.push>): void => {
    const out: Delta[] = []
    for (const event of events) done = decoder.decode(event, out) || done
    text += writer.write(out)
  }
  let fault: unknown
  try {
    for (const bytes of reads) if (!done) take(framer.push(bytes))
    if (!done) take(framer.end())
    const out: Delta[] = []
    decoder.end(out)
    text += writer.write(out) + writer.end(done)
  } catch (error) {
    fault = error
    if (error instanceof GatewayError) text += writer.fail(error)
  }
  if (fault !== undefined) expect(fault).toBeInstanceOf(GatewayError)
  const seen = readStream(text, true)
  // an end or a fault, never both and never neither
  expect([seen.done, seen.error !== undefined]).toContain(true)
  expect(seen.done && seen.error !== undefined).toBe(false)
}

const places = fc.array(fc.nat(), { maxLength: 12 })
/** Pieces of what streams are made of, in any order. */
const scrap = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        'data: ',
        'data:',
        'event: x\n',
        ': c\n',
        '\n',
        '\r\n',
        '\r',
        '[DONE]',
        '{',
        '}',
        '[',
        ']',
        '"',
        ',',
        '{"choices":[',
        '"delta":{"content":"a"}',
        '{"error":{"message":"m"}}',
        '\u2028',
        '\uFEFF',
        'null',
        '"usage":{"prompt_tokens":1}',
      )
      .map((text) => Buffer.from(text)),
  },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }).map((text) => Buffer.from(`data: ${text}\n\n`)) },
)
const soup = fc.array(scrap, { maxLength: 40 }).map((parts) => Buffer.concat(parts))

test('random bytes through every framing', { timeout: PATIENCE }, () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.entries(FRAMINGS)), soup, places, ([, framing], bytes, cuts) => {
      const framer = framing({ maxEvent: 1024 })
      orGatewayError(() => {
        for (const piece of pieces(bytes, cuts)) framer.push(piece)
        framer.end()
      })
    }),
    effort(2000),
  )
})

test('random bytes through every format', { timeout: PATIENCE }, () => {
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS), soup, places, (format, bytes, cuts) =>
      through(format, pieces(bytes, cuts)),
    ),
    effort(3000),
  )
})

test('random values as events and as whole answers of every format', { timeout: PATIENCE }, () => {
  const words = [
    'choices',
    'delta',
    'message',
    'content',
    'text',
    'role',
    'type',
    'error',
    'usage',
    'index',
    'tool_calls',
    'function',
    'name',
    'arguments',
    'id',
    'finish_reason',
    'candidates',
    'parts',
    'functionCall',
    'args',
    'content_block',
    'content_block_delta',
    'message_start',
    'output',
    'prompt_tokens',
    'done',
    'response',
    'status',
    'code',
  ]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(...words),
      fc.constantFrom(null, true, 0, -1, 1e99, '', 'stop', 'tool_use', '{"a":', '__proto__'),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('any'), { maxKeys: 5 }),
    ),
  })).any
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS), fc.array(value, { maxLength: 5 }), (format, generated) => {
      // as they come off the wire
      const values = JSON.parse(JSON.stringify(generated)) as unknown[]
      const writer = createChunkWriter(REQUEST, META)
      const decoder = format.decoder(REQUEST)
      let text = ''
      orGatewayError(() => {
        for (const each of values) {
          const out: Delta[] = []
          decoder.decode({ value: each }, out)
          text += writer.write(out)
        }
        text += writer.end(true)
      })
      readStream(text, true)
      for (const each of values) {
        orGatewayError(() => {
          const completion = createCompletion(REQUEST, META)
          completion.take(format.decodeBody(each, REQUEST))
          JSON.parse(JSON.stringify(completion.end(true)))
        })
        const fault = format.decodeError({ status: 500, headers: {} }, JSON.stringify(each))
        expect(fault).toBeInstanceOf(GatewayError)
        format.signals({ status: 429, headers: { 'retry-after': JSON.stringify(each) } }, each, 0)
      }
    }),
    effort(3000),
  )
})

const FAMILIES: Record<string, string> = {
  'openai-chat': 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  cohere: 'cohere',
  'bedrock-converse': 'bedrock',
}

/** Characters: longer recordings say the same more often. */
const MOST_RECORDED = 20_000

test('recordings, damaged', { timeout: PATIENCE }, () => {
  const streams = Object.entries(FAMILIES).flatMap(([family, name]) => {
    const format = FORMATS.find((each) => each.name === name)
    return (
      recordings(family)
        .filter(({ stream, response_text: text }) => stream && text !== undefined && text.length < MOST_RECORDED)
        // OpenAI's verdict on an answer goes through as OpenAI sent it: what is damaged inside it stays so
        .filter(({ response_text: text }) => !text?.includes('"moderation"'))
        .map((each) => ({ format, bytes: Buffer.from(each.response_text ?? '', 'latin1') }))
    )
  })
  if (streams.length === 0)
    return console.warn('skipped: the recorded exchanges are not beside this checkout (../shared)')
  const damage = fc.array(
    fc.record({
      at: fc.nat(),
      what: fc.constantFrom('flip', 'drop', 'double', 'insert'),
      size: fc.nat(30),
      byte: fc.nat(255),
    }),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...streams), damage, places, ({ format, bytes }, hurts, cuts) => {
      let hurt: Buffer = bytes
      for (const { at, what, size, byte } of hurts) {
        const place = at % (hurt.length + 1)
        const [before, after] = [hurt.subarray(0, place), hurt.subarray(place)]
        if (what === 'flip') hurt = Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
        else if (what === 'drop') hurt = Buffer.concat([before, after.subarray(size)])
        else if (what === 'double') hurt = Buffer.concat([before, after.subarray(0, size), after])
        else hurt = Buffer.concat([before, Buffer.alloc(size, byte), after])
      }
      if (format) through(format, pieces(hurt, cuts))
    }),
    effort(120),
  )
})

test('an event without end is given up at its bound, whatever the framing', () => {
  for (const [name, framing] of Object.entries(FRAMINGS)) {
    const framer = framing({ maxEvent: 1000 })
    const piece = Buffer.from(
      name === 'aws-event-stream'
        ? '\u007f'.repeat(64)
        : name === 'json-array'
          ? `[{"a":"${'x'.repeat(60)}`
          : 'data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    )
    let pushed = 0
    expect(() => {
      while (pushed < 100_000) {
        framer.push(piece)
        pushed += piece.length
      }
    }, name).toThrow(GatewayError)
    expect(pushed, name).toBeLessThan(4000)
  }
})
