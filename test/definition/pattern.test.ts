import { describe, expect, test } from 'vitest'
import { match } from './compile.ts'

describe('a pattern is the JSON that it takes', () => {
  test.each<[string, unknown, unknown, boolean]>([
    ['the same text', 'a', 'a', true],
    ['another text', 'a', 'b', false],
    ['a number is no text', 1, '1', false],
    ['true is not 1', true, 1, false],
    ['null takes what is not there', null, undefined, true],
    ['null takes null', null, null, true],
    ['null does not take something', null, 0, false],
    ['a map may hold more', { a: 1 }, { a: 1, b: 2 }, true],
    ['every key that is written fits', { a: 1, b: 2 }, { a: 1 }, false],
    ['a key of null must not be there', { a: null }, { a: 1 }, false],
    ['a map is no list', {}, [], false],
    ['an empty map takes any map', {}, { a: 1 }, true],
    ['the first items of a list fit', [1, 2], [1, 2, 3], true],
    ['a list that is too short', [1, 2], [1], false],
    ['an empty list takes just that', [], [], true],
    ['an empty list does not take more', [], [1], false],
    ['two dollars are one', '$$a', '$a', true],
    ['keys of the prototype are not there', { constructor: '$c' }, {}, false],
    ['nor is what every object has', { toString: null }, {}, true],
  ])('%s', (_, pattern, value, fits) => {
    expect(match(pattern, value) !== undefined).toBe(fits)
  })
})

describe('holes', () => {
  test('bind what is there', () => {
    expect(match({ a: '$a', in: { b: '$b' } }, { a: 0, in: { b: [1] } }, 'a', 'b')).toEqual({ a: 0, b: [1] })
  })

  test('want something, unless they are optional', () => {
    expect(match({ a: '$a' }, { a: null })).toBeUndefined()
    expect(match({ a: '$a?' }, {}, 'a')).toEqual({ a: undefined })
  })

  test.each<[string, unknown, unknown]>([
    ['text', 'x', 1],
    ['number', 1, '1'],
    ['boolean', false, 0],
    ['list', [], {}],
    ['map', {}, []],
  ])('of the type %s take no other', (type, fitting, other) => {
    expect(match(`$a:${type}`, fitting, 'a')).toEqual({ a: fitting })
    expect(match(`$a:${type}`, other)).toBeUndefined()
    expect(match(`$a:${type}?`, other, 'a')).toEqual({ a: undefined })
  })
})

describe('texts by example', () => {
  test('bind what stands between the pieces', () => {
    const said = 'Rate limit reached: Limit 30, Used 29, Requested 5. Please wait 2s.'
    expect(match('Limit ${limit}, Used ${used}, Requested ${n}.', said, 'limit', 'used', 'n')).toEqual({
      limit: '30',
      used: '29',
      n: '5',
    })
  })

  test('a hole at either end takes all that is left', () => {
    expect(match('${head}: ${tail}', 'a: b: c', 'head', 'tail')).toEqual({ head: 'a', tail: 'b: c' })
  })

  test('pieces in another order do not fit', () => {
    expect(match('b${x}a', 'a and b')).toBeUndefined()
  })

  test('a value that is no text does not fit', () => {
    expect(match('${x}/', 5)).toBeUndefined()
  })
})
