/* oxlint-disable unicorn/no-thenable -- the cases of a definition have a `then` */
/** What a client or a vendor sends can neither reach into the program nor make it slow. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { globTest } from '../../src/runtime/glob.ts'
import { shipped } from '../formats/cases.ts'
import { fill, match } from './compile.ts'
import { cpuTime } from '../cpu-time.ts'

const EVIL =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":{"polluted":1},"b":1}}'

describe('keys that spell the prototype', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test('are not spread', () => {
    const out = fill({ '<<': '$evil', a: { c: 1 } }, { evil: JSON.parse(EVIL) as unknown }) as Record<string, unknown>
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype)
    expect(out['polluted']).toBeUndefined()
    expect(Object.getPrototypeOf(out['a'])).toBe(Object.prototype)
    expect(JSON.stringify(out['a'])).toBe('{"c":1,"b":1}')
  })

  test('are not merged', () => {
    const evil = JSON.parse(
      '[{"r":"u","c":[1],"__proto__":{"polluted":1}},{"r":"u","c":[2],"__proto__":{"c":[9]}}]',
    ) as unknown
    const out = fill({ $pick: '$l', when: '$x', then: '$x', merge: 'r' }, { l: evil }) as Record<string, unknown>[]
    expect(out).toHaveLength(1)
    expect(out[0]?.['polluted']).toBeUndefined()
    expect(out[0]?.['c']).toEqual([1, 2])
  })

  test('are no path', () => {
    expect(fill('$a.__proto__', { a: {} })).toBeUndefined()
    expect(fill('$a.constructor.name', { a: {} })).toBeUndefined()
    expect(fill('$a.length', { a: 'text' })).toBeUndefined()
  })

  test.each(['openai', 'anthropic', 'gemini'])('go nowhere in a request to %s', (format) => {
    const body = JSON.parse(
      `{"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",
      "function":{"name":"f","arguments":"{\\"__proto__\\":{\\"polluted\\":1}}"}}]},{"role":"tool","tool_call_id":"a","content":"{\\"__proto__\\":{\\"polluted\\":1}}"}],
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"$ref":"#/__proto__"}}}}}],
      "extra_body":${EVIL},"__proto__":{"polluted":1}}`,
    ) as Record<string, unknown>
    const target = { base_url: '', model: 'm', secret: 'k', headers: {} }
    const sent = JSON.parse(String(shipped(format).encode(parseChatRequest(body), target).request.body)) as object
    expect(Object.hasOwn(sent, '__proto__')).toBe(false)
  })
})

describe('time is linear in what is said', () => {
  /** How many times longer sixteen times as much takes; were it a square, 256 times. */
  function grows(run: (size: number) => void): number {
    const spent = [12_500, 200_000].map((size) => {
      run(size)
      const times = Array.from({ length: 5 }, () => cpuTime(() => run(size)))
      return Math.min(...times)
    })
    return (spent[1] ?? 0) / Math.max(spent[0] ?? 0, 0.05)
  }

  test.each<[string, unknown, (size: number) => string]>([
    ['pieces that almost fit', 'Limit ${a}, Used ${b}, Requested ${c}.', (size) => 'Limit , Used '.repeat(size / 13)],
    ['one letter again and again', 'aab${x}aab${y}b', (size) => 'a'.repeat(size)],
    ['many ends', '${x}!', (size) => '!'.repeat(size)],
  ])('of a text pattern: %s', (_, pattern, text) => {
    expect(grows((size) => void match(pattern, text(size)))).toBeLessThan(100)
  })

  test('of a glob', () => {
    const fits = globTest('*a*a*a*a*b')
    expect(grows((size) => void fits('a'.repeat(size)))).toBeLessThan(100)
  })
})

describe('a schema of a tool that is made to explode', () => {
  const target = { base_url: '', model: 'gemini-2.5-flash', secret: 'k', headers: {} }
  const sentFor = (parameters: unknown, format = 'gemini'): string => {
    const tools = [{ type: 'function', function: { name: 'f', parameters } }]
    const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], tools }
    return String(shipped(format).encode(parseChatRequest(body), target).request.body)
  }

  test('references that multiply are cut', () => {
    const link = (i: number): unknown => ({
      type: 'object',
      properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } },
    })
    const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d${i}`, link(i)]))
    expect(sentFor({ type: 'object', properties: { x: { $ref: '#/$defs/d0' } }, $defs }).length).toBeLessThan(5_000_000)
  })

  test('a schema that is its own root ends', () => {
    expect(sentFor({ type: 'object', properties: { child: { $ref: '#' } } })).toContain(
      'Recursive: the same as the whole',
    )
  })

  test('choices that all are the whole schema are followed so far and no further', () => {
    const whole = Array.from({ length: 500 }, () => ({ $ref: '#' }))
    expect(sentFor({ anyOf: whole }, 'anthropic')).toContain('"input_schema":{"type":"object","properties":{}}')
  })

  test('a reference with a percent sign that encodes nothing', () => {
    expect(sentFor({ type: 'object', properties: { a: { $ref: '#/%zz' } } })).toContain('"a":{"type":"object"}')
  })

  test('a reference into the prototype leads nowhere', () => {
    const sent = sentFor({
      type: 'object',
      properties: { a: { $ref: '#/__proto__' }, b: { $ref: '#/constructor/prototype' } },
    })
    expect(sent).toContain('"a":{"type":"object"')
  })

  test('nesting without end is sent or refused, not crashed on', () => {
    let deep: unknown = { type: 'string' }
    for (let i = 0; i < 2000; i++) deep = { type: 'object', properties: { a: deep } }
    expect(() => sentFor(deep)).not.toThrow(RangeError)
  })
})

describe('whatever the values are', () => {
  test('a hole gives back just what was put in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(fill({ x: ['$v'] }, { v: value })).toEqual(value === null ? undefined : { x: [value] })
      }),
    )
  })

  test('a text pattern and a text by the same example undo each other', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !/[$|]/.test(text))
    fc.assert(
      fc.property(word, word, (a, b) => {
        const text = fill('<|${a}|-|${b}|>', { a, b })
        expect(match('<|${a}|-|${b}|>', text, 'a', 'b')).toEqual({ a, b })
      }),
    )
  })

  test('a pattern never throws', () => {
    const pattern = { type: 'a', list: [{ x: '$x:number?' }], text: '${y}:', deep: { deeper: '$z' } }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        match(pattern, value)
        match(pattern, { type: 'a', list: value, text: value, deep: value })
      }),
    )
  })
})
