import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pipeAnswer } from '../../src/chat/answer-source.ts'
import type { Delta } from '../../src/chat/delta.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'
import { StreamDeltas } from '../../src/upstream/response/stream-deltas.ts'

const request = { path: '/x', body: { model: '$model' } }

function define(events: unknown[], framing: string): FormatDefinition {
  return { request, response: events, stream: { framing, events } }
}

const IDENTITY = [{ when: '$chunk:map', emit: { chunk: '$chunk' } }]
const NAMED = [
  { when: { type: 'delta', delta: { text: '$text' } }, emit: { text: '$text' } },
  { when: { type: 'end', reason: '$reason' }, emit: { finish_reason: '$reason' } },
]

async function* bodyOf(reads: Iterable<Buffer>): AsyncGenerator<Uint8Array> {
  yield* reads
}

function open(definition: FormatDefinition, reads: readonly Buffer[]): StreamDeltas {
  const format = compileFormat('tested', definition)
  return new StreamDeltas(bodyOf(reads), format.framing(), format.decoder({} as never))
}

/** What a stream says when each read is taken apart. */
async function iterated(definition: FormatDefinition, reads: readonly Buffer[]): Promise<unknown[]> {
  const said: unknown[] = []
  try {
    for await (const deltas of open(definition, reads)) said.push(...deltas.map(saying))
  } catch (cause) {
    said.push(String(cause))
  }
  return said
}

interface Poured {
  said: unknown[]
  /** Reads that were told by their text alone. */
  texts: string[]
}

function poured(definition: FormatDefinition, reads: readonly Buffer[]): Promise<Poured> {
  const said: unknown[] = []
  const texts: string[] = []
  return new Promise((resolve) => {
    pipeAnswer(open(definition, reads), {
      take: (deltas) => void said.push(...deltas.map(saying)),
      takeText(literal) {
        texts.push(literal)
        said.push({ text: JSON.parse(literal) as unknown })
        return undefined
      },
      end: () => resolve({ said, texts }),
      fail: (cause) => resolve({ said: [...said, String(cause)], texts }),
    })
  })
}

/** A chunk, or a delta, that holds nothing but a text says the same as the text alone. */
function saying({ chunk, choice, ...delta }: Delta): unknown {
  const choices = chunk?.['choices'] as
    | { index: number; delta: { content?: string }; finish_reason: unknown }[]
    | undefined
  const [only] = choices ?? []
  if (chunk && choices?.length === 1 && only?.index === 0 && only.finish_reason === null && !chunk['usage'])
    return { text: only.delta.content }
  return chunk ?? { ...delta, ...(choice !== undefined && choice !== 0 && { choice }) }
}

const chunk = (content: string, more: object = {}, index = 0): string =>
  JSON.stringify({ id: 'a', choices: [{ index, delta: { content }, finish_reason: null }], ...more })
const named = (text: string): string => JSON.stringify({ type: 'delta', delta: { text } })

const content = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  fc.constantFrom('"', '\\', '\n', 'a"}}]}\n\ndata: {"b":"', '\u2028', 'é', '😀', '\uFEFF'),
)

const OTHERS = fc.oneof(
  content.map((text) => chunk(text, { usage: { prompt_tokens: 1 } })),
  content.map((text) => chunk(text, {}, 1)),
  fc.constantFrom('[DONE]', '{', '""', '{"type":"end","reason":"stop"}'),
)
const eventLike = (usual: (text: string) => string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 10, arbitrary: content.map(usual) }, OTHERS)

const envelope = fc.constantFrom(
  (json: string) => `data: ${json}\n\n`,
  (json: string) => `event: delta\ndata: ${json}\n\n`,
  (json: string) => `data:${json}\r\n\r\n`,
  (json: string) => `: ping\n\ndata: ${json}\n\n`,
  (json: string) => `data: ${json}\n`,
  (json: string) => `${json}\n`,
)

/** Events in the frame of the stream, each now and then in another, a few cut in two or joined to the next. */
const readsOf = (usual: (text: string) => string): fc.Arbitrary<Buffer[]> => {
  const event = fc.tuple(eventLike(usual), fc.nat(9), envelope, fc.double({ min: 0, max: 1, noNaN: true }))
  return fc.tuple(envelope, fc.array(event)).map(([frame, events]) => {
    const out: Buffer[] = []
    let joined = Buffer.alloc(0)
    for (const [json, chance, other, at] of events) {
      const bytes = Buffer.concat([joined, Buffer.from((chance === 0 ? other : frame)(json))])
      joined = Buffer.alloc(0)
      if (chance === 1) joined = bytes
      else if (chance === 2) {
        const cut = Math.floor(at * bytes.length)
        out.push(bytes.subarray(0, cut), bytes.subarray(cut))
      } else out.push(bytes)
    }
    return [...out, joined].filter((read) => read.length > 0)
  })
}

describe('a stream that is poured', () => {
  it.each([
    ['chunks', define(IDENTITY, 'sse'), chunk],
    ['named events', define(NAMED, 'sse'), named],
    ['lines', define(IDENTITY, 'ndjson'), chunk],
  ])('of %s says what it says when every read is taken apart', async (_, definition, usual) => {
    let texts = 0
    await fc.assert(
      fc.asyncProperty(
        readsOf((text) => usual(text)),
        async (each) => {
          const fast = await poured(definition, each)
          texts += fast.texts.length
          expect(fast.said).toEqual(await iterated(definition, each))
        },
      ),
      { numRuns: 400 },
    )
    expect(texts).toBeGreaterThan(50)
  })

  it('tells a read that is the one before with another text by that text alone', async () => {
    const read = (text: string): Buffer => Buffer.from(`event: delta\ndata: ${named(text)}\n\n`)
    const { texts, said } = await poured(define(NAMED, 'sse'), ['a', 'b', 'é ', 'c"', 'd'].map(read).concat(read('e')))
    expect(said).toEqual(['a', 'b', 'é ', 'c"', 'd', 'e'].map((text) => ({ text })))
    // the first follows nothing, and the quote is written with an escape
    expect(texts).toEqual(['"é "', '"d"', '"e"'])
  })

  it('takes every read apart where each says a number of its own', async () => {
    const reads = Array.from({ length: 30 }, (_, n) => Buffer.from(`id: ${n}\ndata: ${named(`t${n}`)}\n\n`))
    const { texts, said } = await poured(define(NAMED, 'sse'), reads)
    expect(texts).toEqual([])
    expect(said).toHaveLength(30)
  })
})
