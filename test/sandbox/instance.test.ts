import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFromSchema } from '../../src/sandbox/answer/json-from-schema.ts'
import { textLike } from '../../src/sandbox/answer/pattern-text.ts'
import { randomOf } from '../../src/sandbox/answer/random.ts'
import type { Json } from '../../src/sandbox/request.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false })

const holds = (schema: Json, seed: string): void => {
  const value = jsonFromSchema(schema, randomOf(seed), { texts: ['Oslo', 'Rome'], numbers: [3, -7, 2.5] })
  expect(
    ajv.validate(schema, value),
    `${JSON.stringify(value)} for ${JSON.stringify(schema)}: ${ajv.errorsText()}`,
  ).toBe(true)
}

describe('a value for a schema', () => {
  it.each<[string, Json]>([
    [
      'recursion through $ref',
      {
        $ref: '#/$defs/node',
        $defs: {
          node: object({ value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } }),
        },
      },
    ],
    ['a tree', { ...object({ name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } }) }],
    ['strict mode, nullable', object({ a: { type: ['string', 'null'] }, b: { type: ['null', 'integer'] } })],
    [
      'allOf',
      {
        allOf: [
          { required: ['a'], properties: { a: { type: 'string', minLength: 3 } } },
          { required: ['b'], properties: { b: { const: 4 } } },
        ],
        type: 'object',
      },
    ],
    [
      'a discriminated union',
      {
        oneOf: [
          object({ kind: { const: 'a' }, x: { type: 'number' } }),
          object({ kind: { const: 'b' }, y: { type: 'boolean' } }),
        ],
      },
    ],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, minItems: 2 }],
    ['unique items', { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true }],
    ['a map', { type: 'object', additionalProperties: { type: 'integer', minimum: 5 }, minProperties: 2 }],
    [
      'a required field that no one describes',
      { type: 'object', required: ['x'], additionalProperties: { type: 'string' } },
    ],
    ['$defs behind escapes', { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string', maxLength: 2 } } }],
    ['open bounds', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
    ['steps', { type: 'number', multipleOf: 0.25, minimum: 1.1, maximum: 1.6 }],
  ])('satisfies %s', (name, schema) => {
    for (let seed = 0; seed < 20; seed++) holds(schema, `${name}${seed}`)
  })

  it('satisfies schemas of every kind, nested at random', () => {
    fc.assert(
      fc.property(schemas.schema, fc.string(), (schema, seed) => holds(schema, seed)),
      { numRuns: 400 },
    )
  })

  it('ends where every part of a schema is the schema itself', () => {
    const schema = { allOf: [{ $ref: '#' }, { $ref: '#' }], type: 'object' }
    expect(jsonFromSchema(schema, randomOf('x'))).toSatisfy((made) => made === null || typeof made === 'object')
  })

  it('takes the words and numbers of the prompt where they fit', () => {
    const schema = object({
      city: { type: 'string' },
      days: { type: 'integer', minimum: 2 },
      short: { type: 'string', maxLength: 2 },
    })
    expect(jsonFromSchema(schema, randomOf('x'), { texts: ['Oslo'], numbers: [1, 5] })).toMatchObject({
      city: 'Oslo',
      days: 5,
    })
  })
})

describe('a text for a pattern', () => {
  it.each([
    '^[A-Z]{3}-\\d{4}$',
    '^(?:red|green|blue)+$',
    '^\\+?[1-9]\\d{6,14}$',
    '^[^@\\s]+@[a-z.]+\\.(com|org)$',
    '^#[0-9a-fA-F]{6}$',
    '^v\\d+(\\.\\d+){2}$',
    '\\bword\\b',
    '^\\p{L}+$',
  ])('matches %s', (pattern) => {
    for (let seed = 0; seed < 50; seed++)
      expect(textLike(pattern, randomOf(`${seed}`))).toMatch(new RegExp(pattern, 'u'))
  })

  it('is null where it cannot be made, rather than wrong', () => {
    expect(textLike('^(?=.*\\d)(?!a)[', randomOf('x'))).toBeNull()
  })
})

function object(properties: Json): Json {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

const schemas = fc.letrec<{ schema: Json; leaf: Json }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('schema'), { maxKeys: 4 }).map(object),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.integer({ min: 0, max: 3 }) }),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
  leaf: fc.oneof(
    fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(50))
      .map(([minimum, more]) => ({ type: 'integer', minimum, maximum: minimum + more })),
    fc
      .tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: 0.01, max: 9, noNaN: true }))
      .map(([minimum, more]) => ({
        type: 'number',
        minimum,
        maximum: minimum + more,
      })),
    fc.integer({ min: 1, max: 9 }).map((multipleOf) => ({ type: 'integer', multipleOf })),
    fc
      .tuple(fc.nat(40), fc.nat(20))
      .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more })),
    fc.constantFrom<Json>(
      { type: 'boolean' },
      { type: 'null' },
      { type: 'string', format: 'uuid' },
      { const: { a: [1] } },
      {},
    ),
    fc.array(fc.string(), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
  ),
}))
