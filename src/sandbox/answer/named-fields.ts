/** Where any JSON object is asked for, the prompt says which: by a schema, an example, or the names of its fields. */
import { isObject, type Json } from '../request.ts'

/** A JSON Schema; null where the texts name no field. The last text that does counts. */
export function namedFields(texts: string[]): Json | null {
  for (const text of texts.toReversed()) {
    const schema = fromObject(text) ?? fromPairs(text) ?? fromNames(text)
    if (schema) return schema
  }
  return null
}

/** Objects beyond these are not looked at: a prompt may be a page of braces. */
const MOST_OBJECTS = 50

function fromObject(text: string): Json | null {
  let at = -1
  for (let count = 0; count < MOST_OBJECTS && (at = text.indexOf('{', at + 1)) >= 0; count++) {
    const value = objectAt(text, at)
    if (!value || Object.keys(value).length === 0) continue
    return isObject(value['properties']) || '$ref' in value || '$schema' in value ? value : schemaLike(value)
  }
  return null
}

function objectAt(text: string, start: number): Json | null {
  let depth = 0
  let isText = false
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (isText && character === '\\') at++
    else if (character === '"') isText = !isText
    else if (!isText && character === '{') depth++
    else if (!isText && character === '}' && --depth === 0) return parsed(text.slice(start, at + 1))
  }
  return null
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The schema of values like this one. */
function schemaLike(value: unknown): Json {
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? schemaLike(value[0]) : {}, minItems: 1 }
  if (isObject(value)) {
    return objectWith(Object.entries(value).map(([name, inner]) => [name, schemaLike(inner)]))
  }
  if (typeof value === 'string') return TYPES[value.toLowerCase()] ?? { type: 'string' }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' }
  return typeof value === 'boolean' ? { type: 'boolean' } : {}
}

const NUMBER = { type: 'number' }
const INTEGER = { type: 'integer' }
const LIST = { type: 'array', items: { type: 'string' }, minItems: 1 }

/** What people write for a field's type. */
const TYPES: Record<string, Json> = {
  number: NUMBER,
  float: NUMBER,
  int: INTEGER,
  integer: INTEGER,
  bool: { type: 'boolean' },
  boolean: { type: 'boolean' },
  array: LIST,
  list: LIST,
}

const typed = (word: string | undefined): Json => TYPES[word?.toLowerCase() ?? ''] ?? { type: 'string' }

function objectWith(fields: [name: string, schema: Json][]): Json {
  const properties = Object.fromEntries(fields)
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

/** `{"name": string, "age": int}`: an object in all but the values. */
function fromPairs(text: string): Json | null {
  const pairs = [...text.matchAll(/["'`]([\p{L}_][\p{L}\p{N}_-]*)["'`]\s*:\s*["'`<]?([\p{L}]*)(\[\])?/gu)]
  if (pairs.length === 0) return null
  return objectWith(pairs.map(([, name = '', type, list]) => [name, list === undefined ? typed(type) : LIST]))
}

const FIELD_WORD = /\b(?:keys?|fields?|propert(?:y|ies)|attributes?|members?)\b/iu
const QUOTED = /(?<![\p{L}\p{N}])["'`“]([\p{L}_][\p{L}\p{N}_-]*)["'`”](?:\s*\((?:an? )?(\p{L}+))?/gu

const WORD = String.raw`[\p{L}_][\p{L}\p{N}_-]*(?:\s*\([^)]*\))?`
const LIST_OF_WORDS = new RegExp(String.raw`^${WORD}(?:\s*,\s*(?!and\s)${WORD})*(?:,?\s+and\s+${WORD})?`, 'iu')

/** "with keys 'setup' and 'punchline'", "with the fields name, age (integer) and city". */
function fromNames(text: string): Json | null {
  const sentences = text.split(/[.!?](?=\s|$)|\n/u)
  const quoted = sentences.filter((sentence) => FIELD_WORD.test(sentence) || /\bjson\b/iu.test(sentence))
  const names = quoted.flatMap((sentence) => [...sentence.matchAll(QUOTED)])
  if (names.length > 0) return objectWith(names.map(([, name = '', type]) => [name, typed(type)]))
  for (const sentence of sentences) {
    const behind = sentence.split(FIELD_WORD)[1]?.replace(/^\s*(?:named|called|are|is|of)?\s*:?\s*/iu, '') ?? ''
    const list = LIST_OF_WORDS.exec(behind)?.[0]
    const words = list?.split(/\s*,\s*(?:and\s+)?|\s+and\s+/iu).filter((word) => word.trim() !== '') ?? []
    if (words.length === 0) continue
    const fields = words.map((word) => /^([^\s(]+)(?:\s*\((?:an? )?(\p{L}+))?/u.exec(word.trim()) ?? ['', word])
    return objectWith(fields.map(([, name = '', type]) => [name, typed(type)]))
  }
  return null
}
