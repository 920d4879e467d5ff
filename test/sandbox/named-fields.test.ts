import { describe, expect, it } from 'vitest'
import { namedFields } from '../../src/sandbox/answer/named-fields.ts'
import { objectOf } from '../../src/sandbox/request.ts'

const typesOf = (...texts: string[]): unknown => {
  const schema = namedFields(texts)
  if (schema === null) return null
  return Object.fromEntries(
    Object.entries(objectOf(schema['properties'])).map(([name, each]) => [name, objectOf(each)['type']]),
  )
}

describe('the fields of a JSON object that the prompt names', () => {
  it.each([
    [
      "Tell me a joke. Return the result as a JSON with the keys 'setup' and 'punchline'.",
      { setup: 'string', punchline: 'string' },
    ],
    ['JSON with the fields name, age (integer) and city, please', { name: 'string', age: 'integer', city: 'string' }],
    [
      'Answer like {"title": "x", "year": 1999, "tags": ["a"]} and nothing else',
      { title: 'string', year: 'integer', tags: 'array' },
    ],
    ['Respond as {"name": string, "size": number, "all": string[]}', { name: 'string', size: 'number', all: 'array' }],
    ['JSON of `answer` please', { answer: 'string' }],
    ['Fits this schema: {"type":"object","properties":{"a":{"type":"boolean"}}}', { a: 'boolean' }],
    ['Answer in JSON.', null],
  ])('%s', (text, fields) => expect(typesOf(text)).toEqual(fields))

  it('are those of the last message that names some', () => {
    expect(typesOf("JSON with key 'old'", "JSON with key 'new'", 'Thanks.')).toEqual({ new: 'string' })
  })
})
