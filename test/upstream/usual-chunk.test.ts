import { describe, expect, it } from 'vitest'
import { pipeAnswer } from '../../src/chat/answer-source.ts'
import type { Delta } from '../../src/chat/delta.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { rawDecoder } from '../../src/upstream/native.ts'
import type { StreamDecoder } from '../../src/upstream/types.ts'
import { StreamDeltas } from '../../src/upstream/response/stream-deltas.ts'
import { shipped } from '../formats/cases.ts'

/** Events as their vendors write them. */
const data = (value: unknown, end = '\n\n'): string => `data: ${JSON.stringify(value)}${end}`
const named = (type: string, rest: object): string => `event: ${type}\n${data({ type, ...rest })}`
const chunk = (delta: object, finish_reason: string | null = null): string =>
  data({ id: 'a', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason }] })
const candidate = (text: string, more: object = {}): string =>
  data(
    { candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }], modelVersion: 'm' },
    '\r\n\r\n',
  )
const message = (text: string): string =>
  named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
const begun = [
  named('message_start', { message: { id: 'a', model: 'm', content: [], usage: { input_tokens: 1 } } }),
  named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
]
const over = [
  named('content_block_stop', { index: 0 }),
  named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
  named('message_stop', {}),
]
const cited = named('content_block_delta', {
  index: 0,
  delta: {
    type: 'citations_delta',
    citation: { type: 'web_search_result_location', url: 'https://a.test', title: 'A' },
  },
})
const grounds = {
  finishReason: 'STOP',
  groundingMetadata: {
    groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }],
    groundingSupports: [{ groundingChunkIndices: [0], segment: { startIndex: 4, endIndex: 9, text: 'three' } }],
  },
}
const WORDS = ['one ', 'two ', 'three ', 'four ', 'five ', 'six ', 'seven ', 'eight']
const texts = (make: (text: string) => string): string[] => WORDS.map(make)
const opening = (text: string): string => chunk({ content: text })

interface Stream {
  format: string
  events: string[]
  request?: Partial<ChatRequest>
  /** Reads that are to be told by their text alone, at least: the first ones are learnt from. */
  usual: number
}

const STREAMS: Record<string, Stream> = {
  openai: { format: 'openai', events: [...texts(opening), chunk({}, 'stop')], usual: 5 },
  'openai with padding': {
    format: 'openai',
    events: [
      ...WORDS.map((content, n) => opening(content).replace(/}\n/, `,"obfuscation":"${'x'.repeat(n)}"}\n`)),
      chunk({}, 'stop'),
    ],
    usual: 5,
  },
  anthropic: { format: 'anthropic', events: [...begun, ...texts(message), ...over], usual: 5 },
  'anthropic with citations': {
    format: 'anthropic',
    events: [...begun, ...texts(message), cited, ...texts(message), ...over],
    request: { vendor_tools: [{}] as never },
    usual: 10,
  },
  gemini: { format: 'gemini', events: [...texts((text) => candidate(text)), candidate('.', grounds)], usual: 5 },
  'vllm without thoughts': { format: 'vllm', events: [...texts(opening), chunk({}, 'stop')], usual: 5 },
  'vllm with thoughts': {
    format: 'vllm',
    events: [...['<think>', 'so', ' it', ' is</th', 'ink>', '\n\n'].map(opening), ...texts(opening), chunk({}, 'stop')],
    usual: 5,
  },
}

describe('the usual text of a stream', () => {
  it.each(Object.entries(STREAMS))('is told without parsing its event: %s', async (_, stream) => {
    const { said, usual } = await poured(stream)
    expect(said).toEqual(await iterated(stream))
    expect(usual).toBeGreaterThanOrEqual(stream.usual)
  })

  it.each(['anthropic', 'gemini'])(
    'is told with its event, as it came, to a client of the same API: %s',
    async (name) => {
      const stream = STREAMS[name] as Stream
      const events: unknown[] = []
      let usual = 0
      await new Promise<void>((resolve, reject) => {
        pipeAnswer(open(stream, rawDecoder), {
          take: (deltas) => void events.push(...deltas.flatMap(({ raw }) => raw ?? [])),
          takeText(literal, event) {
            usual++
            expect(event?.text).toContain(literal)
            return void events.push(event)
          },
          end: resolve,
          fail: reject,
        })
      })
      const framed = stream.events.map((event) => /^(?:event: (?<name>.*)\n)?data: (?<text>.*)/.exec(event)?.groups)
      expect(events).toEqual(framed.map((event) => ({ ...event })))
      expect(usual).toBeGreaterThanOrEqual(stream.usual)
    },
  )

  it('is told beside a count and padding: openai-responses', async () => {
    const place = { item_id: 'a', output_index: 0, content_index: 0 }
    let number = 1
    const delta = (text: string): string =>
      named('response.output_text.delta', {
        sequence_number: number++,
        ...place,
        delta: text,
        obfuscation: 'x'.repeat(number),
      })
    const whole = WORDS.join('')
    const stream: Stream = {
      format: 'openai-responses',
      events: [
        named('response.created', { response: { id: 'a', model: 'm' } }),
        ...texts(delta),
        named('response.output_text.done', { ...place, text: `${whole}!` }),
        named('response.completed', {
          response: { status: 'completed', usage: { input_tokens: 1, output_tokens: 2 } },
        }),
      ],
      usual: 5,
    }
    const { said, usual } = await poured(stream)
    expect(said).toEqual(await iterated(stream))
    expect(
      said
        .filter((each) => 'text' in each)
        .map(({ text }) => text)
        .join(''),
    ).toBe(`${whole}!`)
    expect(usual).toBeGreaterThanOrEqual(stream.usual)
  })
})

function open({ format, events, request = {} }: Stream, as = (decoder: StreamDecoder) => decoder): StreamDeltas {
  const compiled = shipped(format)
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const event of events) yield Buffer.from(event)
  }
  return new StreamDeltas(body(), compiled.framing(), as(compiled.decoder(request as ChatRequest)))
}

/** What is said when each event is read by the rules. */
async function iterated(stream: Stream): Promise<Delta[]> {
  const said: Delta[] = []
  for await (const deltas of open(stream)) said.push(...deltas)
  return merged(said)
}

function poured(stream: Stream): Promise<{ said: Delta[]; usual: number }> {
  const said: Delta[] = []
  let usual = 0
  return new Promise((resolve, reject) => {
    pipeAnswer(open(stream), {
      take: (deltas) => void said.push(...deltas),
      takeText(literal) {
        usual++
        said.push({ text: JSON.parse(literal) as string })
        return undefined
      },
      end: () => resolve({ said: merged(said), usual }),
      fail: reject,
    })
  })
}

/** A chunk that says a text and nothing else is that text, and the first choice needs no number. */
function merged(deltas: readonly Delta[]): Delta[] {
  return deltas.map(({ choice: number, ...delta }) => {
    const [choice] = (delta.chunk?.['choices'] ?? []) as { delta: Record<string, unknown>; finish_reason: unknown }[]
    const isText = choice?.finish_reason === null && Object.keys(choice.delta).join() === 'content'
    return isText ? { text: choice.delta['content'] as string } : { ...delta, ...(number && { choice: number }) }
  })
}
