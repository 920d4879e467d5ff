/** Whatever a vendor's example holds: a draft is sound and its cases hold, or the reason is told. */
import fc from 'fast-check'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { formatFaults } from '../../src/config/schema.ts'
import { parseCases } from '../../src/format-tools/cases/case.ts'
import { checkCase } from '../../src/format-tools/cases/check-case.ts'
import { draftFormat, type Samples } from '../../src/format-tools/draft/draft.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'

const word = fc.constantFrom(
  'text',
  'content',
  'role',
  'id',
  'model',
  'words',
  'usage',
  'name',
  'arguments',
  'stop',
  'x',
)
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(word, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const messages = fc.array(
  fc.record({
    role: fc.constantFrom('user', 'assistant', 'system', 'human'),
    content: fc.oneof(fc.string({ minLength: 1, maxLength: 9 }), fc.constant([{ type: 'text', text: 'Hi' }])),
  }),
  { minLength: 1, maxLength: 3 },
)
const body = fc
  .tuple(fc.dictionary(fc.constantFrom('model', 'temperature', 'stop', 'stream', 'options', 'x'), json), messages)
  .map(([fields, list]) => ({ ...fields, messages: list }))

function quoted(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", `'\\''`)}'`
}

function hold(samples: Samples): void {
  let draft: ReturnType<typeof draftFormat>
  try {
    draft = draftFormat('mine', samples)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect(['Error', 'DefinitionError', 'GatewayError']).toContain((error as Error).name)
    return
  }
  const definition = parse(draft.definition) as Record<string, unknown>
  expect(formatFaults(definition)).toEqual([])
  const format = compileFormat('mine', definition as object as FormatDefinition)
  for (const each of parseCases('mine.cases.yaml', draft.cases)) {
    // a sample whose arguments are not valid JSON is a vendor's fault, and told as one
    const faults = checkCase(each, format).filter((fault) => !fault.endsWith('are not valid JSON'))
    expect([each.name, faults]).toEqual([each.name, []])
  }
}

const curl = (value: unknown): string => `curl https://a.example/talk -H 'x-key: k' -d ${quoted(value)}`

test('requests', () => {
  fc.assert(
    fc.property(body, (value) => hold({ curl: curl(value), answer: { text: 'Hi' } })),
    { numRuns: 200 },
  )
})

test('answers', () => {
  const plain = curl({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  fc.assert(
    fc.property(fc.dictionary(word, json, { noNullPrototype: true }), (answer) => hold({ curl: plain, answer })),
    { numRuns: 300 },
  )
})

test('streams', () => {
  const plain = curl({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const events = fc.array(fc.dictionary(word, json, { noNullPrototype: true }), { minLength: 1, maxLength: 4 })
  const lines = (list: object[]): string => list.map((each) => `${JSON.stringify(each)}\n`).join('')
  const named = (list: object[]): string =>
    list.map((each, i) => `event: e${i % 2}\ndata: ${JSON.stringify(each)}\n\n`).join('')
  fc.assert(
    fc.property(events, fc.constantFrom(lines, named), (list, write) => hold({ curl: plain, stream: write(list) })),
    { numRuns: 200 },
  )
})
