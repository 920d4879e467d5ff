import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Format } from '../../src/upstream/types.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { extended } from '../../src/config/sections/extend.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import { loadConfig } from '../../src/config/load.ts'
import { DefinitionError } from '../../src/definition/error.ts'
import { folder, problemsOf, unmarked, write } from './files.ts'

const PROVIDER = 'providers: { a: { format: mine, base_url: "http://127.0.0.1:1", keys: [k] } }\n'

describe('a definition that extends another', () => {
  test('merges maps, drops with ~, replaces lists and scalars', () => {
    const parent = { a: { b: 1, c: [1, 2], d: { e: 1 } }, f: 'x', g: 1 }
    expect(extended(parent, { a: { b: ~2, c: [3], d: { h: 2 } }, f: null, i: { j: null } })).toEqual({
      a: { b: ~2, c: [3], d: { e: 1, h: 2 } },
      g: 1,
      i: { j: null },
    })
  })

  test('a dropped key stays dropped beside <<, which would bring it back', () => {
    expect(extended({ '<<': '$body', n: 1 }, { n: null, seed: null })).toEqual({ '<<': '$body', n: null, seed: null })
  })

  test('an operator is replaced or changed in its own keys, never mixed', () => {
    const parent = { x: { $match: '$a', cases: [1] } }
    expect(extended(parent, { x: { y: 1 } })).toEqual({ x: { y: 1 } })
    expect(extended(parent, { x: { $sum: [1] } })).toEqual({ x: { $sum: [1] } })
    expect(extended(parent, { x: { cases: [2] } })).toEqual({ x: { $match: '$a', cases: [2] } })
  })

  test('its entries come first in tables where the first that fits decides', () => {
    const parent = { models: { 'gpt-*': { a: 1 }, 'x-*': {} }, error: { kinds: { '*a*': 'quota' } } }
    const merged = extended(parent, { models: { 'gpt-5*': { a: 2 } }, error: { kinds: { '*ab*': 'rate_limit' } } })
    expect(Object.keys(merged['models'] as object)).toEqual(['gpt-5*', 'gpt-*', 'x-*'])
    expect(Object.keys((merged['error'] as typeof parent.error).kinds)).toEqual(['*ab*', '*a*'])
  })

  test('may change a shipped one under its own name', () => {
    const seen = definitionsOf(
      'formats: { openai: { extends: openai, request: { path: /own } } }\n' + PROVIDER.replace('mine', 'openai'),
    )
    expect(seen.get('openai')?.request?.path).toBe('/own')
    expect(seen.get('openai')?.stream?.framing).toBe('sse')
  })

  test('may name its stream transforms by their old name, with a warning', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const seen = definitionsOf(
      'formats: { mine: { extends: vllm, stream: { through: [prefix-difference] } } }\n' + PROVIDER,
    )
    expect(seen.get('mine')?.stream).toMatchObject({ framing: 'sse', transforms: ['prefix-difference'] })
    expect((await warned).message).toMatch(/in format mine, stream\.through is now called stream\.transforms/)
  })

  test('may stand in a file, and extend one that extends another', () => {
    const seen = definitionsOf(
      `${PROVIDER}formats: { mine: ./mine.yaml, base: { extends: openai, stream: { done: END } } }`,
      {
        'mine.yaml': 'extends: base\nx-anchors: { a: &path /v9/chat }\nrequest: { path: *path }\n',
      },
    )
    expect(seen.get('mine')).toMatchObject({ request: { path: '/v9/chat' }, stream: { done: 'END', framing: 'sse' } })
    expect(Object.keys(seen.get('mine') ?? {})).not.toContain('x-anchors')
  })
})

describe('a fault of the compiled definition', () => {
  test("stands in the child's file when the child says that part, else in the parent's", () => {
    const parent = unmarked('request: { path: /x, body: {} }\nresponse: []\nstream:\n  framing: §nowhere\n')
    const child = unmarked('extends: parent\nrequest:\n  path: §/y\n')
    const directory = folder()
    write(directory, 'parent.yaml', parent.text)
    const file = write(directory, 'child.yaml', child.text)
    const place = (path: string[]) =>
      problemsOf(() =>
        checkFormatFile(file, () => {
          throw new DefinitionError('bad', path)
        }),
      ).map((problem) => [problem.file, problem.line, problem.column])
    expect(place(['request', 'path'])).toEqual([[file, child.places[0]?.line, child.places[0]?.column]])
    expect(place(['stream', 'framing'])).toEqual([
      [join(directory, 'parent.yaml'), parent.places[0]?.line, parent.places[0]?.column],
    ])
  })

  test('in a file of its own is placed in that file', () => {
    const { text, places } = unmarked('extends: anthropic\nrequest:\n  body:\n    model: $§modle\n')
    const file = write(folder(), 'mine.yaml', text)
    expect(
      problemsOf(() => checkFormatFile(file)).map(({ file: where, line, column, message }) => ({
        where,
        line,
        column,
        message,
      })),
    ).toEqual([{ where: file, ...places[0], message: 'unknown hole $modle, did you mean $model?' }])
  })

  test('in a file that the configuration names is placed in that file', () => {
    const directory = folder()
    const mine = write(directory, 'mine.yaml', 'extends: anthropic\nrequset: {}\n')
    const file = write(directory, 'providers.yaml', `${PROVIDER}formats: { mine: mine.yaml }`)
    const problems = problemsOf(() => loadConfig(file, {}))
    expect(problems.map(({ file: where, line, message }) => [where, line, message])).toEqual([
      [mine, 2, 'unknown key requset, did you mean request?'],
    ])
  })

  test("of the user's is told also when no provider uses it", () => {
    const file = write(
      folder(),
      'providers.yaml',
      'providers: {}\nformats: { mine: { extends: anthropic, auth: nothing-like-it } }',
    )
    expect(problemsOf(() => loadConfig(file, {}))).toHaveLength(1)
  })
})

test.each(shippedNames())('the shipped format %s is sound', (name) => {
  const file = new URL(`../../src/formats/${name}.yaml`, import.meta.url).pathname
  expect(problemsOf(() => checkFormatFile(file))).toEqual([])
})

/** What is handed to the compiler, by name. */
function definitionsOf(text: string, others: Record<string, string> = {}): Map<string, FormatDefinition> {
  const directory = folder()
  for (const [name, content] of Object.entries(others)) write(directory, name, content)
  const seen = new Map<string, FormatDefinition>()
  loadConfig(write(directory, 'providers.yaml', text), {}, (name, definition) => {
    seen.set(name, definition)
    return { name } as Format
  })
  return seen
}
