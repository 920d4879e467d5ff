/* oxlint-disable unicorn/no-thenable -- the cases of a definition have a `then` */
import { describe, expect, test } from 'vitest'
import { UnmatchedItem } from '../../src/definition/loop.ts'
import { fill } from './compile.ts'

describe('a template is the JSON that it shows', () => {
  test.each<[string, unknown, Record<string, unknown>, unknown]>([
    ['a constant', { a: 1, b: [true, 'x'] }, {}, { a: 1, b: [true, 'x'] }],
    ['a hole keeps the type of its value', '$a', { a: [1] }, [1]],
    ['false, zero and the empty text are something', ['$a', '$b', '$c'], { a: false, b: 0, c: '' }, [false, 0, '']],
    ['a path into a value', '$a.b.c', { a: { b: { c: 1 } } }, 1],
    ['a path that leads nowhere', { x: '$a.b.c', y: 1 }, { a: { b: null } }, { y: 1 }],
    ['an index is a step', '$a.0.x', { a: [{ x: 1 }] }, 1],
    ['holes in a text', 'n=${n}, o=${o}', { n: 1, o: { x: 'y' } }, 'n=1, o={"x":"y"}'],
    ['a text with an empty hole is nothing', { t: 'Bearer ${key}', u: 1 }, { key: undefined }, { u: 1 }],
    ['two dollars are one', ['$$a', 'cost: $$5', '$${a}'], { a: 1 }, ['$a', 'cost: $5', '$1']],
    ['a minus before a hole', { $sum: ['$a', '-$b'] }, { a: 5, b: 2 }, 3],
    ['nothing to put, no key', { a: '$a', b: 1 }, { a: null }, { b: 1 }],
    ['a map that is emptied goes too', { a: { b: { c: '$c' } }, d: 1 }, { c: undefined }, { d: 1 }],
    ['a list that is emptied goes too', { a: ['$c'], d: 1 }, { c: undefined }, { d: 1 }],
    ['what was written empty stays', { a: {}, b: [] }, {}, { a: {}, b: [] }],
    ['null drops a key', { a: null, b: 1 }, {}, { b: 1 }],
  ])('%s', (_, template, values, expected) => {
    expect(fill(template, values)).toEqual(expected)
  })
})

describe('loops', () => {
  const items = [{ k: 'a', v: 1 }, { k: 'b', v: 2 }, { k: 'c' }]

  test('$pick takes the items that fit', () => {
    expect(fill({ $pick: '$l', when: { k: '$k', v: '$v' }, then: { '<<': null, x: '$v' } }, { l: items })).toEqual([
      { x: 1 },
      { x: 2 },
    ])
  })

  test('the first case that takes an item decides', () => {
    const cases = [
      { when: { k: 'a' }, then: 'A' },
      { when: { v: '$v' }, then: '$v' },
      { when: {}, then: null },
    ]
    expect(fill({ $pick: '$l', cases }, { l: items })).toEqual(['A', 2])
  })

  test('$each refuses an item that no case takes, and says which', () => {
    const run = (): unknown => fill({ $each: '$l', when: { v: '$v' }, then: '$v' }, { l: items })
    expect(run).toThrow(UnmatchedItem)
    expect(catchError(run)).toMatchObject({ index: 2, item: { k: 'c' } })
  })

  test('a loop is spliced where it is an item of a list, and is the list where it is a value', () => {
    const loop = { $pick: '$l', when: { v: '$v' }, then: '$v' }
    expect(fill([0, loop, 9], { l: items })).toEqual([0, 1, 2, 9])
    expect(fill({ x: loop }, { l: items })).toEqual({ x: [1, 2] })
    expect(fill([loop], { l: [] })).toBeUndefined()
    expect(fill([loop], { l: 'no list' })).toBeUndefined()
  })

  test('a loop in a loop is spliced', () => {
    const loop = { $pick: '$l', when: { in: '$in' }, then: [{ $pick: '$in', when: '$x', then: { x: '$x' } }] }
    expect(fill(loop, { l: [{ in: [1, 2] }, { in: [] }, { in: [3] }] })).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }])
  })

  test('what one item binds is not seen by the next', () => {
    const loop = { $pick: '$l', when: { a: '$a?', b: '$b?' }, then: { a: '$a', b: '$b' } }
    expect(fill(loop, { l: [{ a: 1, b: 1 }, { a: 2 }, { b: 3 }] })).toEqual([{ a: 1, b: 1 }, { a: 2 }, { b: 3 }])
  })
})

describe('merge', () => {
  const l = [
    { r: 'u', c: [1], id: 'x' },
    { r: 'u', c: [2], id: 'y' },
    { r: 'a', c: [3] },
    { r: 'u', c: [4] },
  ]
  const loop = { $pick: '$l', when: { r: '$r', c: '$c', id: '$id?' }, then: { r: '$r', c: '$c', id: '$id' } }

  test('neighbours of one kind become one; the first tells the rest', () => {
    expect(fill({ ...loop, merge: 'r' }, { l })).toEqual([
      { r: 'u', c: [1, 2], id: 'x' },
      { r: 'a', c: [3] },
      { r: 'u', c: [4] },
    ])
  })

  test('a mark is taken out again', () => {
    expect(fill({ ...loop, merge: { mark: 'r' } }, { l })).toEqual([{ c: [1, 2], id: 'x' }, { c: [3] }, { c: [4] }])
  })

  test("neither changes the client's own lists", () => {
    const before = JSON.stringify(l)
    fill({ $pick: '$l', when: '$x', then: '$x', merge: { mark: 'r' } }, { l })
    expect(JSON.stringify(l)).toBe(before)
  })
})

describe('spreads', () => {
  test('what is written beside goes before, map into map', () => {
    expect(fill({ '<<': '$m', a: 1, in: { x: 1 } }, { m: { a: 2, b: 3, in: { x: 2, y: 3 } } })).toEqual({
      a: 1,
      b: 3,
      in: { x: 1, y: 3 },
    })
  })

  test('a dropped key stays dropped', () => {
    expect(fill({ '<<': '$m', a: null }, { m: { a: 2, b: 3 } })).toEqual({ b: 3 })
  })

  test('of several the first goes before', () => {
    expect(fill({ '<<': ['$m', '$n'] }, { m: { a: 1 }, n: { a: 2, b: 3 } })).toEqual({ a: 1, b: 3 })
  })

  test('a key that nothing came to is filled from beneath', () => {
    expect(fill({ '<<': '$m', a: '$a' }, { m: { a: 2 }, a: undefined })).toEqual({ a: 2 })
  })

  test('what is no map is nothing', () => {
    expect(fill({ '<<': ['$m', '$n'], a: 1 }, { m: 'text', n: [1] })).toEqual({ a: 1 })
  })

  test('the spread map itself is not changed', () => {
    const m = { in: { y: 2 } }
    expect(fill({ '<<': '$m', in: { x: 1 } }, { m })).toEqual({ in: { x: 1, y: 2 } })
    expect(m).toEqual({ in: { y: 2 } })
  })
})

describe('operators', () => {
  test('$match gives the first case that takes the value, or nothing', () => {
    const template = {
      $match: '$v',
      cases: [
        { when: 1, then: 'one' },
        { when: '$n:number', then: { n: '$n' } },
      ],
    }
    expect(fill(template, { v: 1 })).toBe('one')
    expect(fill(template, { v: 2 })).toEqual({ n: 2 })
    expect(fill(template, { v: 'x' })).toBeUndefined()
  })

  test('$match on several values at once, also when none is there', () => {
    const template = { $match: { a: '$a', b: '$b' }, when: { a: null, b: null }, then: 'neither' }
    expect(fill(template, { a: undefined, b: undefined })).toBe('neither')
    expect(fill(template, { a: 1, b: undefined })).toBeUndefined()
  })

  test('$sum adds the numbers that are there', () => {
    expect(fill({ $sum: ['$a', '$b', 1] }, { a: 2, b: undefined })).toBe(3)
    expect(fill({ $sum: ['$a'] }, { a: 'x' })).toBeUndefined()
  })

  test('$first gives the first that is there', () => {
    expect(fill({ $first: ['$a', '$b', 3] }, { a: null, b: 0 })).toBe(0)
    expect(fill({ $first: ['$a'] }, { a: undefined })).toBeUndefined()
  })

  test('$use calls a function with its options, not on nothing', () => {
    const functions = {
      join: (options: Record<string, unknown>) => (value: unknown) => (value as string[]).join(String(options['by'])),
    }
    expect(fill({ $use: 'join', of: '$l', with: { by: '-' } }, { l: ['a', 'b'] }, functions)).toBe('a-b')
    expect(fill({ $use: 'join', of: '$l' }, { l: undefined }, functions)).toBeUndefined()
  })

  test('what a case binds is not seen outside of it', () => {
    expect(() => fill([{ $match: '$v', when: { x: '$x' }, then: '$x' }, '$x'], { v: {} })).toThrow('unknown hole $x')
  })
})

function catchError(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
