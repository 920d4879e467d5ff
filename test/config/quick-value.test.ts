/** The quick parser says the same as the one that keeps positions, or nothing. */
import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { quickValue } from '../../src/config/document/quick-value.ts'
import { placedSource } from '../../src/config/document/read-source.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { effort } from '../fuzz/effort.ts'
import { load, problemsOf } from './files.ts'

/** What the parser that keeps positions reads; undefined where it finds a fault. */
function slowValue(text: string): { value: unknown } | undefined {
  try {
    return { value: placedSource('x.yaml', text).value }
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

const FORMATS = new URL('../../src/formats/', import.meta.url)
const SHIPPED = [
  new URL('../../providers.yaml', import.meta.url),
  ...readdirSync(FORMATS).map((name) => new URL(name, FORMATS)),
]

test.each(SHIPPED.map(({ pathname }) => pathname))('%s', (file) => {
  const text = readFileSync(file, 'utf8')
  // a start would wait for the other
  expect(quickValue(text)).toStrictEqual(slowValue(text) ?? expect.fail('not sound'))
})

// each of these reads otherwise in the two parsers, or is a fault in one
test.each([
  '|1 # c:\n  >+\n   :1',
  ' ---\na: 1',
  '...\na: 1',
  'a: 1e999',
  'a: 1\n---\nb: 2',
  'a: 1\na: 2',
  'a: &x 1\nb: &x 2\nc: *x',
  'a: &x 1\n*x : 2',
  '&x a: 1\nb: *x',
  'a: &x { b: *x }',
  'a: &x{b: 1}',
  'a: *x',
  '- "x"y',
  '- "x"  y]',
  'a: &x-y 1\nb: *x-y',
  `a: &x [1]\n${Array.from({ length: 1001 }, (_, i) => `b${i}: *x`).join('\n')}`,
  'a: !!str 1',
  'a: !thing 1',
  '%YAML 1.1\n---\na: yes',
  '? [a]\n: b',
  '__proto__: { a: 1 }',
  '\ta: 1',
  'a: 1\rb: 2',
  'a: b\u2028c',
  'a: "b\n  c"',
  'a: b\n  c',
  `a: ${'['.repeat(60)}${']'.repeat(60)}`,
  '',
  'a: {',
])('leaves to the other: %j', (text) => {
  expect(quickValue(text)).toBeUndefined()
})

test.each([
  'providers:\n  a: { format: openai, keys: [k, "l", \'m\'], limits: { rpm: 1 } } # why\n',
  'a: [0x1F, 0o17, -0, +1, 1.5, .5, 1., 1e3, .inf, -.INF, .nan, 1_000, 0b1, 12:30, 2020-01-01, 123456789012345678901234567890]',
  'null: 1\n1: 2\n"2": 3\n<<: 4\ntrue: 5',
  'a: [true, False, null, ~, Null, "null", yes, on, \'\', "\\u00e9\\n"]\r\nb:\r\n- c\r\n- d: e\r\n  f: g',
  '{"a": {"b": [1, "x"]}, "c": null}',
  '- a\n- [b]\n-\n  - c\n',
  'x-limits:\n  one: &one { rpm: 1 }\n  two: &two\n    - { rpm: 2 }\n    - *one\na: *two\nb: [*one, *two]\nc: &n\nd: *n\n',
])('reads by itself: %j', (text) => {
  const quick = quickValue(text) ?? expect.fail('left to the other')
  expect(quick).toStrictEqual(slowValue(text))
  expect(JSON.stringify(quick)).toBe(JSON.stringify(slowValue(text)))
})

const PIECES =
  `a¦b: ¦c:¦- ¦-¦? ¦:¦\n¦\n  ¦\n    ¦\n- ¦  ¦ ¦"¦'¦"x"¦'y'¦{¦}¦[¦]¦, ¦#¦ # c¦>¦1¦0x1F¦-0¦+1¦.5¦1.¦1e3¦.inf¦true¦null¦~¦12:30¦\t¦\r\n¦\\¦@¦\`¦%¦&a ¦*a¦&b ¦*b¦&a¦!t ¦<<: ¦---\n¦...\n¦é¦k: v\n¦kk:\n¦  k: v\n¦    k: v\n¦  - v\n¦k: [1, "x"]\n¦k: { a: 1 }\n¦1: 2\n¦"1": 3\n¦\n\n¦|¦|-\n  `.split(
    '¦',
  )

test('whatever a text holds', () => {
  const piece = fc.constantFrom(...PIECES)
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 16 }), (pieces) => {
      const text = pieces.join('')
      const quick = quickValue(text)
      if (!quick) return
      const slow = slowValue(text) ?? expect.fail(`the other finds a fault in ${JSON.stringify(text)}`)
      expect(quick).toStrictEqual(slow)
      expect(JSON.stringify(quick)).toBe(JSON.stringify(slow))
    }),
    effort(2000),
  )
})

test('an alias is a value of its own', () => {
  const { value } = quickValue('a: &x { n: [1] }\nb: *x') ?? expect.fail('left to the other')
  const { a, b } = value as Record<string, { n: number[] }>
  a?.n.push(2)
  expect(b).toEqual({ n: [1] })
})

test('a fault of a large file has its place, as that of a small one', () => {
  const lines = Array.from(
    { length: 8000 },
    (_, i) => `  p${i}: { format: openai, base_url: "http://x.example", keys: [k] }`,
  )
  const text = ['providers:', ...lines].join('\n')
  expect(text.length).toBeGreaterThan(512 * 1024)
  expect(load(text).providers).toHaveLength(8000)
  const wrong = (line: string): unknown[] => problemsOf(() => load(text.replace(lines[4000] ?? '', line)))
  expect(wrong('  p4000: { formt: openai, base_url: "http://x.example", keys: [k] }')[0]).toMatchObject({
    line: 4002,
    column: 12,
  })
  expect(wrong('  p3999: { format: openai, base_url: "http://x.example", keys: [k] }')).toMatchObject([
    { line: 4002, column: 3, message: 'this key stands twice in the same map' },
  ])
})
