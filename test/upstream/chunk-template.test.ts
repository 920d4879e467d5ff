import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Delta } from '../../src/chat/delta.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'
import { ChunkTemplate, judgementOf } from '../../src/upstream/response/chunk-template.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'

const request = { path: '/x', body: { model: '$model' } }
const identity = define([
  { when: { error: '$error:map' }, emit: { error: '$error' } },
  { when: '$chunk:map', emit: { chunk: '$chunk' } },
])
const named = define([
  { when: { type: 'delta', delta: { type: 'text_delta', text: '$text' } }, emit: { text: '$text' } },
  { when: { type: 'end', reason: '$reason' }, emit: { finish_reason: '$reason' } },
])

function define(events: unknown[]): FormatDefinition {
  return { request, response: events, stream: { framing: 'sse', events } }
}

/** What a stream says, event by event; `watched` streams are read by the rules alone. */
function read(definition: FormatDefinition, events: string[], watched: boolean): string[] {
  const format = compileFormat('tested', definition, watched ? () => () => {} : undefined)
  const decoder = format.decoder({} as Parameters<typeof format.decoder>[0])
  return events.map((text) => {
    const out: Delta[] = []
    decoder.decode({ text }, out)
    return JSON.stringify(out.map(saying))
  })
}

/** A chunk that holds nothing but text says the same as the text alone. */
function saying(delta: Delta): unknown {
  const choices = delta.chunk?.['choices'] as { delta?: { content?: unknown } }[] | undefined
  const text = choices?.length === 1 ? choices[0]?.delta?.content : delta.text
  const rest = JSON.stringify(delta.chunk ?? delta)
  return {
    text,
    isPlain: delta.text !== undefined || !/"(?:finish_reason":"|usage":\{|tool_calls|logprobs":\{)/.test(rest),
  }
}

const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  JSON.stringify({ id: 'a', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more })

const event = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme' }).map((content) => chunk({ content })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('a', 'index', '"', '\\', 'a"b', '\u2028', '\n', 'x\\"}')
      .map((content) => chunk({ content })),
  },
  fc.string().map((content) => chunk({ role: 'assistant', content })),
  fc.string().map((content) => chunk({ content }, 'stop')),
  fc.string().map((content) => chunk({ content }, null, { usage: { prompt_tokens: 1 } })),
  fc.string().map((content) => chunk({ content, tool_calls: [{ index: 0 }] })),
  fc.string().map((text) => JSON.stringify({ error: { message: text } })),
  fc.string(),
)

describe('a text told without parsing its event', () => {
  it('is what the rules would have told, whatever else the stream brings', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        expect(read(identity, events, false)).toEqual(read(identity, events, true))
      }),
      { numRuns: 300 },
    )
  })

  it('is what the rules of a vendor with names for its events would have told', () => {
    const vendors = fc.oneof(
      fc
        .string({ unit: 'grapheme' })
        .map((text) => JSON.stringify({ type: 'delta', index: 0, delta: { type: 'text_delta', text } })),
      fc.string().map((text) => JSON.stringify({ type: 'delta', index: 1, delta: { type: 'thinking', text } })),
      fc.string().map((reason) => JSON.stringify({ type: 'end', reason })),
    )
    fc.assert(
      fc.property(fc.array(vendors, { maxLength: 30 }), (events) => {
        expect(read(named, events, false)).toEqual(read(named, events, true))
      }),
      { numRuns: 300 },
    )
  })

  it('is really told so: the second chunk of a kind comes as its text alone', () => {
    const decoder = compileFormat('tested', identity).decoder({} as never)
    const out: Delta[] = []
    for (const content of ['one', ' two', ' "three"']) decoder.decode({ text: chunk({ content }) }, out)
    expect(out.slice(1)).toEqual([{ text: ' two' }, { text: ' "three"' }])
  })

  it('is never an event whose text is cut or no JSON', () => {
    const whole = chunk({ content: 'one' })
    const decoder = compileFormat('tested', identity).decoder({} as never)
    const out: Delta[] = []
    decoder.decode({ text: whole }, out)
    for (const broken of ['"a" b"', '"a\u0001"', '"a\\x"', '"a', 'null', '5'])
      decoder.decode({ text: whole.replace('"one"', () => broken) }, out)
    expect(out.slice(1).every((delta) => delta.text === undefined)).toBe(true)
  })
})

describe('a stream whose events count something', () => {
  const counted = (text: string, count: number): string => JSON.stringify({ text, count })
  const learn = (template: ChunkTemplate, raw: string, text: string): void =>
    template.learn(raw, undefined, [{ text }], 0)

  it('is not learnt from for ever', () => {
    const template = new ChunkTemplate({ judged: new Set(), chunks: true, unread: [] })
    for (let n = 0; n < 20; n++) learn(template, counted('a', n), 'a')
    expect(template.cast(counted('b', 19), undefined)).toEqual({ text: 'b' })
    for (let n = 0; n < 50; n++) {
      expect(template.cast(counted('a', n), undefined)).toBeUndefined()
      learn(template, counted('a', n), 'a')
    }
    expect(template.around).toBeUndefined()
    expect(template.cast(counted('b', 49), undefined)).toBeUndefined()
  })

  it('is learnt from as long as one now and then is like the one before', () => {
    const template = new ChunkTemplate({ judged: new Set(), chunks: true, unread: [] })
    for (let n = 0; n < 100; n++) {
      learn(template, counted('a', n), 'a')
      expect(template.cast(counted('b', n), undefined)).toEqual({ text: 'b' })
    }
  })
})

describe('fields that no rule reads', () => {
  const padded = define([
    { when: { type: 'delta', text: '$text' }, emit: { text: '$text' } },
    { when: { type: 'end', reason: '$reason' }, emit: { finish_reason: '$reason' } },
  ])
  const unread: FormatDefinition = { ...padded, stream: { ...padded.stream, unread: ['number', 'padding'] } as never }

  it('may differ from event to event', () => {
    const decoder = compileFormat('tested', unread).decoder({} as never)
    const say = (text: string, number: number, padding: string): string =>
      JSON.stringify({ type: 'delta', number, text, padding })
    const out: Delta[] = []
    decoder.decode({ text: say('one', 1, 'abc') }, out)
    expect(decoder.template?.cast(say('two', 12, ''), undefined)).toEqual({ text: 'two' })
    expect(decoder.template?.cast(say('a "third"', 13, 'x'), undefined)).toEqual({ text: 'a "third"' })
    expect(decoder.template?.cast(say('four', 1.5, 'x'), undefined)).toBeUndefined()
    expect(decoder.template?.cast(`${say('four', 1, 'x')} `, undefined)).toBeUndefined()
    expect(decoder.template?.cast(say('four', 1, 'x').replace('delta', 'other'), undefined)).toBeUndefined()
  })

  it('change nothing of what is told', () => {
    const tokens = fc.constantFrom('a', ' b', '"', '\\', '","padding":"', '"number":7', 'x","text":"y', '\n', '')
    const fields = fc.record(
      {
        type: fc.constantFrom('delta', 'delta', 'delta', 'end'),
        number: fc.oneof(fc.nat(1000), fc.constantFrom(-1, 1.5, null)),
        text: tokens,
        reason: fc.constantFrom('stop'),
        padding: fc.oneof(tokens, fc.nat(9)),
        more: fc.oneof(tokens, fc.record({ number: fc.nat(9), text: tokens })),
      },
      { requiredKeys: ['type', 'text'] },
    )
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 40 }), (events) => {
        const texts = events.map((each) => JSON.stringify(each))
        expect(read(unread, texts, false)).toEqual(read(unread, texts, true))
      }),
      { numRuns: 300 },
    )
  })

  it('are no fields that a rule reads', () => {
    const wrong: FormatDefinition = { ...padded, stream: { ...padded.stream, unread: ['reason'] } as never }
    expect(() => compileFormat('tested', wrong)).toThrow(/"reason" is read by a rule/)
  })
})

describe('what is said again with every text', () => {
  it('is told once: who answers, and the usage so far', () => {
    const repeating = define([
      { when: { id: '$id' }, emit: { id: '$id' } },
      { when: { parts: [{ text: '$text' }] }, emit: { choice: 0, text: '$text' } },
      { when: { usage: '$usage' }, emit: { usage: '$usage' } },
    ])
    const say = (text: string, total: number): string =>
      JSON.stringify({ id: 'a', parts: [{ text }], usage: { total } })
    const decoder = compileFormat('tested', repeating).decoder({} as never)
    const out: Delta[][] = [say('one', 1), say('b', 1), say('c', 2)].map((text) => {
      const deltas: Delta[] = []
      decoder.decode({ text }, deltas)
      return deltas
    })
    expect(out[1]).toEqual([{ choice: 0, text: 'b' }])
    expect(out[2]).toEqual([{ id: 'a' }, { choice: 0, text: 'c' }, { usage: { total: 2 } }])
  })
})

describe('rules that look into a text', () => {
  it('are always asked', () => {
    const guarded = define([
      { when: { type: 'say', text: 'STOP' }, emit: { finish_reason: 'stop' } },
      { when: { type: 'say', text: '$text' }, emit: { text: '$text' } },
    ])
    const say = (text: string): string => JSON.stringify({ type: 'say', text })
    const decoder = compileFormat('tested', guarded).decoder({} as never)
    const out: Delta[] = []
    for (const text of ['a', 'b', 'STOP']) decoder.decode({ text: say(text) }, out)
    expect(out).toEqual([{ text: 'a' }, { text: 'b' }, { finish_reason: 'stop' }, { text: 'STOP' }])
  })

  it('are known by the keys whose values they weigh', () => {
    expect(judgementOf([{ when: { type: 'a', text: '$text' }, emit: { text: '$text' } }])).toEqual({
      judged: new Set(['type']),
      chunks: true,
      unread: [],
    })
    expect(judgementOf([{ when: { text: '$text' }, emit: { text: { $use: 'filled', of: '$text' } } }])).toBeUndefined()
    expect(judgementOf([{ when: { text: '$text' }, emit: { text: 'constant' } }])).toBeUndefined()
  })
})
