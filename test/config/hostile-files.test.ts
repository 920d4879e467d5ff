import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuTime } from '../cpu-time.ts'
import { quickValue } from '../../src/config/document/quick-value.ts'
import { configOf, loadConfig } from '../../src/config/load.ts'
import { parseSource, readSource } from '../../src/config/document/read-source.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { effort } from '../fuzz/effort.ts'
import { folder, load, problemsOf } from './files.ts'

describe('a hostile file is refused quickly', () => {
  test('aliases that multiply', () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) =>
        `x-${i}: &l${i} [${Array(9)
          .fill(i ? `*l${i - 1}` : 'x')
          .join(', ')}]`,
    )
    expect(problemsOf(() => load(lines.join('\n'))).map(({ message }) => message)).toEqual([
      'aliases make this file far too large',
    ])
  })

  test('nesting without end', () => {
    expect(problemsOf(() => load(`providers: ${'['.repeat(100_000)}`))[0]?.message).toBe('nested too deeply')
    expect(problemsOf(() => load(`providers: ${'['.repeat(200)}${']'.repeat(200)}`))[0]?.message).toBe(
      'nested more than 100 deep',
    )
  })

  test('more than 4 MiB', () => {
    expect(problemsOf(() => load(`# ${'x'.repeat(4 * 1024 * 1024)}`))[0]?.message).toMatch(
      /^the file has \d+ bytes; at most \d+ are read$/,
    )
  })

  test('a file that is not there, or is a folder', () => {
    expect(problemsOf(() => loadConfig('/nowhere/x.yaml', {}))[0]?.message).toBe(
      'cannot be read: there is no such file',
    )
    expect(problemsOf(() => loadConfig(folder(), {}))[0]?.message).toBe('cannot be read: this is a folder')
  })

  test('one long line is cut around the caret', () => {
    const models = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`m${i}`, ['a/x']]))
    const providers = { a: { format: 'openai', base_url: 'http://127.0.0.1:1', keyless: true } }
    const text = JSON.stringify({ providers, models }).replace('"m250":["a/x"]', '"m250":["b/x"]')
    const [problem] = problemsOf(() => load(text))
    const [line = '', caret = ''] = problem?.excerpt.split('\n') ?? []
    expect(line.length).toBeLessThan(140)
    expect(line.slice(caret.indexOf('^'))).toMatch(/^"b\/x"/)
  })
})

test('an anchor used by hundreds of providers is no bomb', () => {
  const providers = Array.from(
    { length: 500 },
    (_, i) => `  p${i}: { format: openai, base_url: "http://x.example", keys: [k], limits: *free }`,
  )
  const { providers: live } = load(`x-free: &free { rpm: 30 }\nproviders:\n${providers.join('\n')}`)
  expect(live.at(-1)?.limits).toHaveLength(1)
})

test('whatever a file holds, it loads or is refused with places inside it', () => {
  const word = fc.constantFrom(
    'providers',
    'models',
    'formats',
    'server',
    'a',
    'format',
    'openai',
    'base_url',
    'http://x.example',
    'keys',
    'limits',
    'rpm',
    'per',
    'day',
    'resets',
    'routes',
    'to',
    'a/b',
    'extends',
    'request',
    'body',
    '$model',
    '${X}',
    '<<',
    '~',
    '',
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      word,
      fc.constantFrom<unknown>(null, true, 0, -1, 1e99, 'x'),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
    ),
  }))
  const nearly = fc.record(
    { providers: fc.dictionary(word, tree, { maxKeys: 3 }), models: tree, formats: tree, server: tree },
    { requiredKeys: ['providers'] },
  )
  fc.assert(
    fc.property(fc.oneof(tree, nearly), (value) => {
      const text = JSON.stringify(value, null, 1)
      checkRefusal(text, () => configOf(parseSource('x.yaml', text), {}))
    }),
    { numRuns: 300 },
  )
})

test('whatever bytes a file holds, it loads or is refused with places inside it', () => {
  const piece = fc.constantFrom(
    'providers:',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ': ',
    ', ',
    '&a ',
    '*a',
    '"',
    "'",
    '#',
    '|',
    '>',
    '---',
    '\t',
    '${A}',
    'a',
    '!!int ',
    '? ',
    '<<',
    '\u0000',
    '😀',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      checkRefusal(text, () => configOf(parseSource('x.yaml', text), {}))
    }),
    { numRuns: 500 },
  )
})

test('whatever is changed in a definition, it compiles or is refused with places inside the file', () => {
  const definitions = ['openai', 'anthropic', 'gemini'].map(
    (name) => readSource(new URL(`../../src/formats/${name}.yaml`, import.meta.url).pathname).value,
  )
  const other = fc.constantFrom<unknown>(
    null,
    true,
    0,
    '',
    '$',
    '${',
    '$modle',
    '$model',
    '$a:nope',
    [],
    {},
    [null],
    { $match: 1 },
    { '<<': 3 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...definitions), fc.nat(), other, fc.boolean(), (definition, place, value, rename) => {
      const mine = structuredClone(definition)
      const places = keysWithin(mine)
      const [parent, key] = places[place % places.length] ?? [{}, '']
      if (rename) parent[`${key}x`] = parent[key]
      parent[key] = value
      const text = JSON.stringify({ providers: {}, formats: { mine } }, null, 1)
      checkRefusal(text, () => configOf(parseSource('x.yaml', text), {}))
    }),
    effort(80),
  )
})

function keysWithin(value: unknown): [parent: Record<string, unknown>, key: string][] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key) => [[parent, key], ...keysWithin(parent[key])] as [typeof parent, string][])
}

function checkRefusal(text: string, work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.problems.length).toBeGreaterThan(0)
    const lines = text.split('\n')
    for (const { file, line, column } of error.problems) {
      if (file !== 'x.yaml') continue
      expect(line).toBeLessThanOrEqual(lines.length)
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
      expect(column).toBeGreaterThan(0)
    }
  }
}

describe('the time that a file takes grows with its size', () => {
  const FEW = 250
  const MANY = 8 * FEW
  const entry = { format: 'openai', base_url: 'http://127.0.0.1:1', keys: ['key-one-0001'], models: ['m'] }
  const kinds: Record<string, (n: number) => unknown> = {
    sound: (n) => ({
      providers: named(n, () => entry),
      models: { big: Object.keys(named(n, String)).map((p) => `${p}/m`) },
    }),
    'with strangers among the keys': (n) => ({ providers: named(n, () => ({ ...entry, x: 1 })) }),
    'with misspelt keys': (n) => ({ providers: named(n, () => ({ ...entry, format: undefined, formt: 'openai' })) }),
    'of variables that are not set': (n) => ({ providers: named(n, (i) => ({ ...entry, keys: [`\${K${i}}`] })) }),
    'of addresses that are not set': (n) => ({ providers: named(n, (i) => ({ ...entry, base_url: `\${U${i}}` })) }),
    'of unknown formats': (n) => ({ providers: named(n, () => ({ ...entry, format: 'openia' })) }),
    'of unknown providers': (n) => ({
      providers: named(n, () => entry),
      models: { m: Object.keys(named(n, String)).map((p) => `x${p}x/m`) },
    }),
  }

  test.each(Object.keys(kinds))('%s', (kind) => {
    const read = (n: number): number => {
      // what the library takes to read YAML grows with the size; only what comes after is looked at
      const source = { ...parseSource('providers.yaml', JSON.stringify(kinds[kind]?.(n))) }
      return cpuTime(() => {
        try {
          configOf(source, {})
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
        }
      })
    }
    read(FEW)
    const few = Math.max(read(FEW), 5)
    // eight times as much; what looks at all for each takes 64 times as long
    expect(read(MANY) / few).toBeLessThan(28)
  })

  test('in one line of JSON, read by the quick parser', () => {
    const read = (n: number): number => {
      const text = JSON.stringify({ providers: named(n, () => entry) })
      return cpuTime(() => expect(quickValue(text)).toBeDefined())
    }
    read(FEW)
    const few = Math.max(read(4 * FEW), 5)
    expect(read(32 * FEW) / few).toBeLessThan(28)
  })

  function named(n: number, value: (i: number) => unknown): Record<string, unknown> {
    return Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, value(i)]))
  }
})
