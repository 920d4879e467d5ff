import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import { expect, it } from 'vitest'
import { chatRequestSchema } from '../../src/api/chat-completions/request/schema/schema.ts'
import { generateContentSchema } from '../../src/api/generate-content/schema.ts'
import { messagesSchema } from '../../src/api/messages/schema.ts'
import { responsesSchema } from '../../src/api/responses/schema.ts'
import { schemaCheck } from '../../src/runtime/schema/check.ts'

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const ours = JSON.parse(file('src/config/providers.schema.json'))
const library = new Ajv2020({ validateSchema: false, strict: false, allowUnionTypes: true })
library.addSchema(ours, 'ours')

const part = (name: string) => ({
  check: schemaCheck(ours.$defs[name], ours),
  judge: library.getSchema(`ours#/$defs/${name}`) ?? expect.fail(name),
})
const body = (schema: object) => ({
  check: schemaCheck(schema),
  judge: new Ajv({ strict: false, validateSchema: false }).compile(schema),
})

const text = 'in words'
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
const user = [
  { type: 'text', text },
  { type: 'image_url', image_url: { url: text } },
  { type: 'input_audio', input_audio: { data: text } },
  { type: 'file', file: { file_id: text } },
]
const block = [
  { type: 'text', text },
  { type: 'image', source: { media_type: text, data: text } },
  { type: 'tool_use', id: 'c', name: 'f', input: {} },
  { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text }] },
]

const config = parse(file('providers.yaml'))
// a few providers, so that what is changed is seldom a model's price
const providers = Object.fromEntries(Object.entries(config.providers).slice(0, 3))
const WHOLE = {
  config: { ...part('config'), sound: { ...config, providers } },
  client: {
    ...part('clientEntry'),
    sound: { keys: ['a-key'], groups: ['staff'], weight: 2, limits: { rpm: 3, tpd: '2k' } },
  },
  key: {
    ...part('key'),
    sound: { key: 'a-key', weight: 1, account: 'mine', limits: [{ requests: 3, per: '2h', shape: 'bucket' }] },
  },
  chat: {
    ...body(chatRequestSchema),
    sound: {
      model: 'm',
      messages: [
        { role: 'system', content: text },
        { role: 'user', content: user },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c', content: text },
      ],
      tools: [tool],
      tool_choice: { type: 'function', function: { name: 'f' } },
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } },
      stop: ['a'],
      stream_options: { include_usage: true },
    },
  },
  messages: {
    ...body(messagesSchema),
    sound: {
      model: 'm',
      max_tokens: 3,
      system: [{ type: 'text', text }],
      messages: [{ role: 'user', content: block }],
      tools: [{ name: 'f', input_schema: {} }],
    },
  },
  responses: {
    ...body(responsesSchema),
    sound: {
      model: 'm',
      input: [
        { type: 'message', role: 'user', content: text },
        { type: 'function_call', name: 'f', call_id: 'c', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: text },
      ],
      tools: [{ type: 'function', name: 'f' }],
      text: { format: { type: 'json_schema', name: 'n', schema: {} } },
    },
  },
  generateContent: {
    ...body(generateContentSchema),
    sound: { contents: [{ role: 'user', parts: [{ text }] }], generationConfig: {}, tools: [] },
  },
}

/** What is sound, with one part of it replaced, left out or added to. */
function changed(sound: unknown, ways: readonly number[], kind: number, value: unknown): unknown {
  const copy: unknown = structuredClone(sound)
  let at = Object(copy)
  for (const [step, way] of ways.entries()) {
    const keys = Object.keys(at)
    const key = keys[way % keys.length] ?? ''
    const next: unknown = at[key]
    if (typeof next === 'object' && next !== null && Object.keys(next).length > 0 && step < ways.length - 1) {
      at = next
      continue
    }
    if (kind === 0) at[key] = value
    else if (kind === 1 && !Array.isArray(at)) delete at[key]
    else if (Array.isArray(at)) at.push(value)
    else at[`${key}s`] = value
    break
  }
  return copy
}

const WORDS = ['', text, 'auto', '2k', 'tool', 'assistant', 'function_call', '\u{1f600}']
const VALUES = [...WORDS, null, true, 0, -1, 1, 1.5, 3, 1e300, [], [null], {}]

it.each(Object.entries(WHOLE))(
  'says of %s what the library says, whatever is changed',
  (_, { check, judge, sound }) => {
    judge(sound)
    expect(judge.errors).toBeNull()
    expect(check(sound)).toBe(true)
    let refused = 0
    const ways = fc.array(fc.nat(40), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(ways, fc.nat(2), fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue()), (steps, kind, value) => {
        const other = changed(sound, steps, kind, value)
        const verdict = judge(other)
        if (!verdict) refused++
        expect(check(other)).toBe(verdict)
      }),
      { numRuns: 3000, seed: 7 },
    )
    expect(refused).toBeGreaterThan(50)
  },
)

it('takes every format that is shipped, and of one that is spoilt says what the library says', () => {
  const { check, judge } = part('format')
  for (const name of readdirSync(new URL('../../src/formats', import.meta.url))) {
    if (!name.endsWith('.yaml')) continue
    const sound = parse(file(`src/formats/${name}`))
    expect([name, check(sound)]).toEqual([name, true])
    for (let way = 0; way < 40; way++) {
      const other = changed(sound, [way, way * 7, way * 3], way % 3, VALUES[way % VALUES.length])
      expect(check(other)).toBe(judge(other))
    }
  }
})

const CONDITIONS = [1, 2].map((value) => ({
  if: { required: ['a'], properties: { a: { const: value } } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits it
  then: { required: [`b${value}`], type: 'object' },
}))

it.each([
  [{ type: 'integer' }, [1, 1.5, '1', 2n, NaN, Infinity]],
  [
    { type: ['string', 'null'], minLength: 2, maxLength: 3 },
    ['', 'ab', 'abcd', null, '\u{1f600}', '\u{1f600}\u{1f600}', 1],
  ],
  [{ exclusiveMinimum: 0, exclusiveMaximum: 2, maximum: 5 }, [0, 1, 2, 'x', null]],
  [{ const: null }, [null, 0, undefined]],
  [{ required: ['a'], dependentRequired: { b: ['c'] } }, [{}, { a: 1 }, { a: 1, b: 1 }, { a: 1, b: 1, c: 1 }, [], 'x']],
  [
    {
      patternProperties: { '^x-': { type: 'string' } },
      properties: { a: {} },
      additionalProperties: { type: 'number' },
    },
    [{ 'x-a': 's' }, { 'x-a': 1 }, { a: 's' }, { b: 's' }, { b: 1 }],
  ],
  [{ not: { required: ['a'] }, propertyNames: { minLength: 2 } }, [{}, { a: 1 }, { bb: 1 }, { b: 1 }]],
  [{ minProperties: 1, maxProperties: 2 }, [{}, { a: 1 }, { a: 1, b: 2, c: 3 }]],
  [{ allOf: CONDITIONS }, [{}, { a: 1 }, { a: 1, b1: 0 }, { a: 2, b1: 0 }, { a: 2, b2: 0 }, { a: 3 }, [], 'x', null]],
  [
    { items: { $ref: '#/$defs/even' }, minItems: 1, maxItems: 2, $defs: { even: { enum: [2, 4] } } },
    [[], [2], [3], [2, 4, 2], 'x'],
  ],
])('knows the keywords of %j', (schema, values) => {
  const judge = new Ajv2020({ strict: false, strictNumbers: true }).compile(schema)
  const check = schemaCheck(schema)
  expect(values.map((value) => check(value))).toEqual(values.map((value) => judge(value)))
})

it('refuses a schema that it would read half', () => {
  expect(() => schemaCheck({ uniqueItems: true })).toThrow('unknown uniqueItems')
  expect(() => schemaCheck({ properties: { a: { type: 'text' } } })).toThrow('unknown type text')
  expect(() => schemaCheck({ const: {} })).toThrow('no map')
  expect(() => schemaCheck(7)).toThrow('a map or a boolean')
})
