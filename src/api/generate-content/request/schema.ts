import { isRecord } from '../../chat-completions/json-value.ts'

type Map = Record<string, unknown>

/** Bounds that the API's own schema may write as text. */
const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

/** The API's own schema (types in capitals, `nullable`) as JSON Schema, which it takes as well. */
export function toJsonSchema(schema: Map): Map {
  const out: Map = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'type' && typeof value === 'string') out[key] = value.toLowerCase()
    else if (key === 'properties' && isRecord(value)) out[key] = mapValues(value)
    else if ((key === '$defs' || key === 'definitions') && isRecord(value)) out[key] = mapValues(value)
    else if (isRecord(value) && SCHEMAS.has(key)) out[key] = toJsonSchema(value)
    else if (Array.isArray(value) && LISTS.has(key)) out[key] = value.map(each)
    else if (COUNTS.has(key) && typeof value === 'string') out[key] = Number(value)
    else if (key !== 'nullable' && key !== 'propertyOrdering' && !(key === 'format' && value === 'enum'))
      out[key] = value
  }
  if (schema['nullable'] === true && typeof out['type'] === 'string') out['type'] = [out['type'], 'null']
  return out
}

const SCHEMAS = new Set(['items', 'additionalProperties', 'not'])
const LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])

function each(value: unknown): unknown {
  return isRecord(value) ? toJsonSchema(value) : value
}

function mapValues(map: Map): Map {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, each(value)]))
}
