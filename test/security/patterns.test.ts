/** Texts and schemas that are made to take for ever. */
import { describe, expect, it } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { readDataUrl } from '../../src/api/chat-completions/request/data-url.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import { jsonFromSchema } from '../../src/sandbox/answer/json-from-schema.ts'
import { globTest } from '../../src/runtime/glob.ts'
import { cpuTime } from '../cpu-time.ts'

/** Milliseconds; a square of the input's length would take minutes. */
const SOON = 2000
const MANY = 300_000

function soon(work: () => unknown): void {
  expect(cpuTime(work)).toBeLessThan(SOON)
}

describe("a client's schema cannot keep the embedded upstream busy", () => {
  it.each([
    ['a pattern that backtracks', { type: 'string', pattern: '^(a|a){30}(?=b)$' }],
    ['nested quantifiers', { type: 'string', pattern: '^((a+)+)+$(?!x)b' }],
    ['a pattern that repeats', { type: 'string', pattern: '((a{9999}){9999}){9999}' }],
    ['a pattern of brackets', { type: 'string', pattern: '('.repeat(500_000) }],
    ['a long text', { type: 'string', minLength: 1e12 }],
    ['a long list', { type: 'array', minItems: 1e12, items: { type: 'array', minItems: 1e12, items: {} } }],
    ['a large object', { type: 'object', minProperties: 1e12 }],
    [
      'a schema that requires itself',
      { type: 'object', required: ['a', 'b'], properties: { a: { $ref: '#' }, b: { $ref: '#' } } },
    ],
  ])('%s', (_, schema) => {
    soon(() => JSON.stringify(jsonFromSchema(schema, () => 0.5)))
  })
})

describe('a text from outside is read in time that grows with its length alone', () => {
  const nasty = [
    ' '.repeat(MANY),
    `${' '.repeat(MANY)}x`,
    'a'.repeat(MANY),
    '*'.repeat(MANY),
    'data:'.repeat(MANY / 5),
    '"'.repeat(MANY),
    '\n'.repeat(MANY),
    '.'.repeat(MANY),
    'PerMinute'.repeat(MANY / 9),
  ]

  it('arguments of tools', () => {
    const request = { include_usage: false, legacy_functions: false, body: {} }
    for (const text of nasty) {
      const writer = createChunkWriter(request, { model: 'm', created: 1 })
      soon(() => writer.write([{ tool_call: { index: 0, id: 'a', name: 'f', arguments: text } }]))
    }
  })

  it('data URLs', () => {
    for (const text of nasty) soon(() => readDataUrl(`data:${text}`))
    for (const text of nasty) soon(() => readDataUrl(`data:image/png;base64,${text}`))
  })

  it('globs', () => {
    for (const text of nasty) soon(() => globTest('*a*a*a*a*a*a*b')(text))
  })

  it('errors and signals of every format', { timeout: 60_000 }, () => {
    const formats = shippedNames().map((name) => checkFormatFile(`src/formats/${name}.yaml`))
    for (const format of formats) {
      for (const text of nasty.slice(0, 5)) {
        const body = {
          error: {
            message: text,
            type: text,
            code: text,
            status: text,
            details: [{ violations: [{ quotaId: text }], retryDelay: text }],
          },
          message: text,
        }
        soon(() => format.decodeError({ status: 429, headers: { 'retry-after': text } }, JSON.stringify(body)))
        soon(() => format.signals({ status: 429, headers: { 'retry-after': text } }, body, 0))
      }
    }
  })
})
