/** Stream transforms say the same however the network cuts it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Delta } from '../../src/chat/delta.ts'
import { STREAM_TRANSFORMS } from '../../src/upstream/response/transforms/index.ts'

function through(name: string, options: Record<string, unknown>, reads: Delta[][]): Delta[] {
  const transform = STREAM_TRANSFORMS[name]?.(options)({})
  if (!transform) throw new Error(`no transform ${name}`)
  return [...reads.flatMap((deltas) => transform.push(deltas)), ...transform.end()]
}

const told = (deltas: Delta[], field: 'text' | 'reasoning'): string =>
  deltas.map((delta) => delta[field] ?? '').join('')

/** A text in pieces, cut where the numbers say. */
function pieces(text: string, cuts: number[]): string[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].toSorted((a, b) => a - b)
  return places.slice(1).map((place, i) => text.slice(places[i], place))
}

const cuts = fc.array(fc.nat(200), { maxLength: 12 })

describe('think-tags', () => {
  const thought = fc.string().filter((text) => !text.includes('<') && !text.startsWith('\n'))
  const answer = fc
    .string()
    .filter((text) => text.trim() !== '')
    .map((text) => text.trimStart())

  test('thoughts between tags are told apart, wherever the stream is cut', () => {
    fc.assert(
      fc.property(thought, answer, cuts, (said, text, at) => {
        const reads = pieces(`<think>${said}</think>\n\n${text}`, at).map((piece) => [{ text: piece }])
        const out = through('think-tags', {}, reads)
        expect([told(out, 'reasoning'), told(out, 'text')]).toEqual([said, text])
      }),
    )
  })

  test('a text without tags at its beginning stays as it is', () => {
    fc.assert(
      fc.property(fc.string(), cuts, (text, at) => {
        fc.pre(!text.trimStart().startsWith('<think>'))
        const out = through(
          'think-tags',
          {},
          pieces(text, at).map((piece) => [{ text: piece }]),
        )
        expect([told(out, 'reasoning'), told(out, 'text')]).toEqual(['', text])
      }),
    )
  })

  test('a template that writes the opening tag itself', () => {
    const out = through('think-tags', { opened: true }, [[{ text: 'So' }], [{ text: '</thi' }], [{ text: 'nk>Hi' }]])
    expect([told(out, 'reasoning'), told(out, 'text')]).toEqual(['So', 'Hi'])
  })

  test('a template that writes the opening tag itself, and a model that did not think', () => {
    const said = [{ text: 'Hi ' }, { text: 'you' }]
    const end = (finish_reason: 'stop' | 'length'): string =>
      told(through('think-tags', { opened: true }, [...said.map((each) => [each]), [{ finish_reason }]]), 'text')
    expect(end('stop')).toBe('Hi you')
    expect(end('length')).toBe('')
    const choices = [{ index: 0, message: { content: 'Hi you' }, finish_reason: 'stop' }]
    expect(through('think-tags', { opened: true }, [[{ chunk: { choices } }]])).toEqual([{ chunk: { choices } }])
  })

  test('each choice has thoughts of its own', () => {
    const chunk = (index: number, content: string): Delta => ({ chunk: { choices: [{ index, delta: { content } }] } })
    const out = through('think-tags', {}, [[chunk(0, '<think>a')], [chunk(1, 'b')], [chunk(0, '</think>c')]])
    expect(out.map((delta) => delta.chunk?.['choices'])).toEqual([
      [{ index: 0, delta: { content: '', reasoning_content: 'a' } }],
      [{ index: 1, delta: { content: 'b' } }],
      [{ index: 0, delta: { content: 'c' } }],
    ])
  })
})

describe('prefix-difference', () => {
  const words = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 })

  test('a stream that repeats itself is told once', () => {
    fc.assert(
      fc.property(words, fc.boolean(), (list, sure) => {
        const reads = list.map((_, i) => [{ text: list.slice(0, i + 1).join('') }])
        expect(told(through('prefix-difference', { sure }, reads), 'text')).toBe(list.join(''))
      }),
    )
  })

  test('a plain stream stays as it is, be it ever so monotonous', () => {
    for (const list of [
      ['a', 'b'],
      ['1', '1', '1'],
      ['ha', 'ha', '!'],
      ['a', 'ab', 'x'],
      ['', 'a', 'a'],
      ['no', 'now', 'n'],
    ])
      expect(
        told(
          through(
            'prefix-difference',
            {},
            list.map((text) => [{ text }]),
          ),
          'text',
        ),
      ).toBe(list.join(''))
  })

  test('arguments of calls that repeat themselves', () => {
    const call = (json: string): Delta[] => [{ tool_call: { index: 0, arguments: json } }]
    const out = through('prefix-difference', {}, [call('{"a'), call('{"a":'), call('{"a":1}')])
    expect(out.map((delta) => delta.tool_call?.arguments ?? '').join('')).toBe('{"a":1}')
  })
})

describe('partial-arguments', () => {
  const calls = (...parts: Record<string, unknown>[]): unknown[] =>
    through(
      'partial-arguments',
      {},
      parts.map((part) => [{ tool_call: part }]),
    ).map((delta) => delta.tool_call)

  test('a call that comes whole stays as it is', () => {
    expect(calls({ name: 'f', arguments: { a: 1 } })).toEqual([{ name: 'f', arguments: { a: 1 } }])
  })

  test('a path cannot reach what is no argument', () => {
    calls(
      { name: 'f', continues: true, arguments: {} },
      { partial: [{ jsonPath: '$.__proto__.bad', stringValue: 'x' }] },
    )
    expect(({} as Record<string, unknown>)['bad']).toBeUndefined()
    const [call] = calls(
      { name: 'f', continues: true, arguments: {} },
      { partial: [{ jsonPath: '$.a[99999999]', numberValue: 1 }] },
    )
    expect(call).toEqual({ name: 'f', arguments: {} })
  })

  test('a call that nobody ends is told before the finish', () => {
    const start = { name: 'f', arguments: {}, continues: true }
    const more = { index: undefined, partial: [{ jsonPath: '$.a', numberValue: 1 }], continues: true }
    const reads: Delta[][] = [[{ tool_call: start }], [{ tool_call: more }], [{ finish_reason: 'stop' }]]
    const out = through('partial-arguments', {}, reads)
    expect(out).toEqual([{ tool_call: { name: 'f', arguments: { a: 1 } } }, { finish_reason: 'stop' }])
  })
})

describe('repeated-whole', () => {
  test('a text that is told whole behind its pieces is told once, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), cuts, (first, second, at) => {
        const reads = [first, second].flatMap((text) => [
          ...pieces(text, at).map((piece) => [{ text: piece }]),
          [{ whole: { text } }],
        ])
        expect(told(through('repeated-whole', {}, reads), 'text')).toBe(first + second)
      }),
    )
  })
})
