/* oxlint-disable unicorn/no-thenable -- the cases of a definition have a `then` */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emit } from './compile.ts'

describe('rules', () => {
  test('every rule that takes an event adds to it, in their order', () => {
    const rules = [
      { when: { id: '$id' }, emit: { id: '$id' } },
      { when: { text: '$t' }, emit: [{ text: '$t' }, { done: true }] },
    ]
    expect(emit(rules, { id: 1, text: 'x' }, { other: 1 })).toEqual([[{ id: 1 }, { text: 'x' }, { done: true }], []])
  })

  test('a rule may want an event of a name', () => {
    const rules = [
      { event: 'delta', emit: { done: true } },
      { event: 'delta', when: { t: '$t' }, emit: { text: '$t' } },
    ]
    expect(emit(rules, [{ t: 1 }, 'delta'], [{ t: 1 }, 'other'])).toEqual([[{ done: true }, { text: 1 }], []])
  })

  test('nothing is left over from the event before', () => {
    const rules = [{ when: { id: '$id?', text: '$t?' }, emit: { id: '$id', text: '$t' } }]
    expect(emit(rules, { id: 1, text: 'x' }, { id: 2 }, { text: 'y' })).toEqual([
      [{ id: 1, text: 'x' }],
      [{ id: 2 }],
      [{ text: 'y' }],
    ])
  })

  test('a loop in what is emitted gives one each', () => {
    const rules = [{ when: { l: '$l' }, emit: [{ $pick: '$l', when: { t: '$t' }, then: { text: '$t' } }] }]
    expect(emit(rules, { l: [{ t: 1 }, {}, { t: 2 }] })).toEqual([[{ text: 1 }, { text: 2 }]])
  })
})

describe('a key that names the event', () => {
  const type = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'toString')
  const rule = fc.record(
    { type, more: fc.constantFrom(1, 2), kind: fc.constantFrom('x', '$k', '$k?') },
    { requiredKeys: [] },
  )
  const event = fc.oneof(
    fc.record(
      { type: fc.oneof(type, fc.constant(5)), more: fc.constantFrom(1, 2), kind: fc.constantFrom('x', 'y') },
      { requiredKeys: [] },
    ),
    fc.constantFrom(null, 'a', 5, ['a']),
  )

  test('is looked up, and gives what asking every rule gives', () => {
    const check = fc.property(
      fc.array(rule, { minLength: 4, maxLength: 8 }),
      fc.array(event, { minLength: 1 }),
      (patterns, events) => {
        const rules = patterns.map((when, id) => ({ when, emit: { id } }))
        // one rule alone is never looked up
        const oneByOne = events.map((each) => rules.flatMap((only) => emit([only], [each, 'e'])[0] ?? []))
        expect(emit(rules, ...events.map((each) => [each, 'e'] as [unknown, string]))).toEqual(oneByOne)
      },
    )
    fc.assert(check, { numRuns: 300 })
  })
})
