/** A JSON value that satisfies a JSON Schema, the same one each time. */
import { countOf, MOST_ITEMS, MOST_VALUES } from '../bounds.ts'
import { textFor } from './text-from-schema.ts'
import { between, oneOf } from './random.ts'
import type { Random } from './random.ts'
import { isObject, listOf, objectOf, stringOf } from '../request.ts'
import type { Json } from '../request.ts'

/** Words of the prompt that fit a text or a number, taken before anything is made up. */
export interface Hints {
  texts: string[]
  numbers: number[]
}

interface Maker {
  root: Json
  random: Random
  hints: Hints
  optional: boolean
  /** Values that may still be made, and schemas that may still be taken in. */
  left: number
}

/** Below this depth only what is required is made, so that recursive schemas end. */
const DEEP = 3
/** A schema that requires itself without end has no instance. */
const TOO_DEEP = 64

/** `optional`: are fields that the schema does not require made as well? */
export function jsonFromSchema(
  schema: Json,
  random: Random,
  hints: Hints = { texts: [], numbers: [] },
  optional = true,
): unknown {
  const own = { texts: [...hints.texts], numbers: [...hints.numbers] }
  return make(schema, { root: schema, random, hints: own, optional, left: MOST_VALUES }, 0, '')
}

function make(wire: unknown, maker: Maker, depth: number, name: string): unknown {
  if (--maker.left < 0) return null
  if (!isObject(wire) || depth > TOO_DEEP) return wire === false || depth > TOO_DEEP ? null : {}
  const schema = flatten(wire, maker)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return choose(schema['enum'], maker)
  for (const union of ['anyOf', 'oneOf']) {
    if (listOf(schema[union]).length === 0) continue
    const { [union]: branches, ...rest } = schema
    return make(merge(rest, objectOf(branch(listOf(branches), maker, depth))), maker, depth + 1, name)
  }
  switch (typeOf(schema, depth)) {
    case 'null':
      return null
    case 'boolean':
      return maker.random() < 0.5
    case 'integer':
      return numberFor(schema, maker, true)
    case 'number':
      return numberFor(schema, maker, false)
    case 'string':
      return textFor(schema, maker.random, maker.hints.texts, name)
    case 'array':
      return list(schema, maker, depth, name)
    default:
      return object(schema, maker, depth)
  }
}

/** A value of the prompt that the enumeration knows, else any; null of none. */
function choose(values: unknown[], maker: Maker): unknown {
  if (values.length === 0) return null
  const hinted = maker.hints.texts.find((text) => values.includes(text.toLowerCase()) || values.includes(text))
  if (hinted !== undefined) return values.includes(hinted) ? hinted : hinted.toLowerCase()
  return oneOf(maker.random, values)
}

/** Deep down the branch that leads on least: null, then plain values, then lists, then objects. */
function branch(branches: unknown[], maker: Maker, depth: number): unknown {
  const weigh = (one: unknown): number => {
    const { $ref, type, const: only, enum: some } = objectOf(one)
    if (type === 'null') return depth < DEEP ? 9 : 0
    if (only !== undefined || some !== undefined) return 1
    return $ref === undefined ? (type === 'object' ? 4 : type === 'array' ? 3 : 2) : 5
  }
  if (depth >= DEEP) return branches.toSorted((one, other) => weigh(one) - weigh(other))[0]
  const full = branches.filter((one) => weigh(one) < 9)
  return oneOf(maker.random, full.length > 0 ? full : branches)
}

/** `$ref` and `allOf` taken in; what stands beside them is kept. */
function flatten(schema: Json, maker: Maker, seen = 0): Json {
  if (seen > TOO_DEEP || --maker.left < 0) return schema
  if (typeof schema['$ref'] === 'string') {
    const { $ref: _, ...rest } = schema
    return flatten(merge(resolve(schema['$ref'], maker.root), rest), maker, seen + 1)
  }
  if (!Array.isArray(schema['allOf'])) return schema
  const { allOf, ...rest } = schema
  return listOf(allOf).reduce<Json>((whole, part) => merge(whole, flatten(objectOf(part), maker, seen + 1)), rest)
}

function resolve(pointer: string, root: Json): Json {
  const names = decoded(pointer.replace(/^#\/?/, ''))
    .split('/')
    .filter((name) => name !== '')
  let at: unknown = root
  for (const name of names) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
    at = Array.isArray(at) ? at[Number(key)] : objectOf(at)[key]
  }
  return objectOf(at)
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer)
  } catch {
    return pointer
  }
}

function merge(one: Json, other: Json): Json {
  const merged: Json = { ...one, ...other }
  if (isObject(one['properties']) && isObject(other['properties'])) {
    merged['properties'] = { ...one['properties'], ...other['properties'] }
  }
  if (Array.isArray(one['required']) && Array.isArray(other['required'])) {
    merged['required'] = [...new Set([...one['required'], ...other['required']])]
  }
  for (const least of ['minimum', 'minLength', 'minItems']) merged[least] = larger(one[least], other[least])
  for (const most of ['maximum', 'maxLength', 'maxItems']) merged[most] = smaller(one[most], other[most])
  return merged
}

const larger = (one: unknown, other: unknown): unknown =>
  typeof one === 'number' && typeof other === 'number' ? Math.max(one, other) : (other ?? one)
const smaller = (one: unknown, other: unknown): unknown =>
  typeof one === 'number' && typeof other === 'number' ? Math.min(one, other) : (other ?? one)

function typeOf(schema: Json, depth: number): string {
  const types = listOf(schema['type'])
  if (types.length > 0) {
    const full = types.filter((type) => type !== 'null')
    return stringOf((depth >= DEEP && types.includes('null') ? 'null' : full[0]) ?? 'null')
  }
  if (typeof schema['type'] === 'string') return schema['type']
  if ('items' in schema || 'prefixItems' in schema || 'minItems' in schema) return 'array'
  if ('pattern' in schema || 'format' in schema || 'minLength' in schema || 'maxLength' in schema) return 'string'
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return 'number'
  return 'object'
}

function numberFor(schema: Json, maker: Maker, whole: boolean): number {
  const bound = (name: string): number | undefined => (typeof schema[name] === 'number' ? schema[name] : undefined)
  const step = bound('multipleOf') ?? (whole ? 1 : 0.5)
  const above = bound('exclusiveMinimum')
  const below = bound('exclusiveMaximum')
  const low = Math.max(bound('minimum') ?? Number.NEGATIVE_INFINITY, above ?? Number.NEGATIVE_INFINITY)
  const high = Math.min(bound('maximum') ?? Number.POSITIVE_INFINITY, below ?? Number.POSITIVE_INFINITY)
  const fits = (value: number): boolean =>
    value >= low && value <= high && value !== above && value !== below && (!whole || Number.isInteger(value))
  const onStep = (value: number): boolean => bound('multipleOf') === undefined || Number.isInteger(value / step)
  const hinted = maker.hints.numbers.findIndex((value) => fits(value) && onStep(value))
  if (hinted >= 0) return maker.hints.numbers.splice(hinted, 1)[0] ?? 0
  const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 100 * step : 1
  const count = Math.min(
    100,
    Math.floor((Number.isFinite(high) ? high : from + 100 * step) / step) - Math.ceil(from / step),
  )
  // Dividing by 1/step keeps 0.1 + 0.2 out of the answer.
  const at = (index: number): number => ((Math.ceil(from / step) + index) * step * 1e6) / 1e6
  for (const index of [between(maker.random, 0, Math.max(0, count)), 1, 0]) {
    const value = Number(at(index).toPrecision(12))
    if (fits(value)) return value
  }
  return whole ? Math.ceil(low) : (low + high) / 2
}

function list(schema: Json, maker: Maker, depth: number, name: string): unknown[] {
  const fixed = listOf(schema['prefixItems'])
  const least = countOf(schema['minItems'], MOST_ITEMS)
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Math.max(least, fixed.length, 2)
  const wanted = depth >= DEEP ? least : Math.min(most, Math.max(least, fixed.length, between(maker.random, 1, 2)))
  const items: unknown[] = []
  const seen = new Set<string>()
  for (let attempt = 0; items.length < wanted && attempt < wanted * 20; attempt++) {
    const part = fixed[items.length] ?? schema['items'] ?? {}
    if (part === false) break
    const value = make(part, maker, depth + 1, name)
    const text = JSON.stringify(value)
    if (schema['uniqueItems'] === true && seen.has(text)) continue
    seen.add(text)
    items.push(value)
  }
  return items
}

function object(schema: Json, maker: Maker, depth: number): Json {
  const properties = objectOf(schema['properties'])
  const required = new Set(listOf(schema['required']).filter((name) => typeof name === 'string'))
  const made: Json = {}
  for (const [name, property] of Object.entries(properties)) {
    if (required.has(name) || (maker.optional && depth < DEEP)) made[name] = make(property, maker, depth + 1, name)
  }
  for (const name of required) {
    if (!Object.hasOwn(made, name)) made[name] = make(schema['additionalProperties'] ?? {}, maker, depth + 1, name)
  }
  const least = countOf(schema['minProperties'], MOST_ITEMS)
  for (let number = 1; Object.keys(made).length < least && number < least * 4; number++) {
    made[`field_${number}`] = make(schema['additionalProperties'] ?? {}, maker, depth + 1, '')
  }
  return made
}
