/** One error of the JSON Schema validator → where it is and what to say. */
import type { ErrorObject } from 'ajv/dist/2020.js'
import { didYouMean } from '../definition/near-miss.ts'
import { pathOf } from './document/environment.ts'
import { fault, type Fault } from './problem.ts'

type Schema = Record<string, unknown>

/** Nothing for an error that only says that another error was found. */
export function schemaFault(error: ErrorObject): Fault | undefined {
  const path = pathOf(error.instancePath)
  const schema = (error.parentSchema ?? {}) as Schema
  const params = error.params as Record<string, unknown>
  if (error.propertyName !== undefined && error.keyword !== 'propertyNames') {
    return fault([...path, error.propertyName], `expected ${String(schema['x-expected'])}`, 'key')
  }
  switch (error.keyword) {
    case 'if':
    case 'propertyNames':
      return undefined
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      return fault([...path, key], unknownKey(key, Object.keys((schema['properties'] ?? {}) as Schema)), 'key')
    }
    case 'required':
      return fault(path, missing(String(params['missingProperty']), schema), 'key')
    case 'dependentRequired':
      return fault(path, missing(String(params['missingProperty']), schema), 'key')
    default:
      return fault(path, valueMessage(error, schema, params))
  }
}

export function unknownKey(key: string, known: string[]): string {
  const near = didYouMean(key, known)
  return `unknown key ${key}${near === '' ? `; expected one of ${known.join(', ')}` : near}`
}

function missing(key: string, schema: Schema): string {
  const property = ((schema['properties'] ?? {}) as Record<string, Schema | undefined>)[key]
  const hint = property?.['x-expected'] ?? property?.['description']
  return `${key} is missing${hint === undefined ? '' : `: ${lowered(String(hint))}`}`
}

function lowered(text: string): string {
  const words = text.replace(/\.$/, '')
  return /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words
}

function valueMessage(error: ErrorObject, schema: Schema, params: Record<string, unknown>): string {
  const expected = schema['x-expected']
  switch (error.keyword) {
    case 'type':
      return `expected ${expected ?? named([params['type']].flat() as string[])}, found ${kindOf(error.data)}`
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).filter((value) => value !== null).map(String)
      return `expected ${either(allowed)}${typeof error.data === 'string' ? didYouMean(error.data, allowed) : ''}`
    }
    case 'pattern': {
      const words = (schema['x-words'] ?? []) as string[]
      return `expected ${expected}${typeof error.data === 'string' ? didYouMean(error.data, words) : ''}`
    }
    case 'minLength':
      return 'expected a text that is not empty'
    case 'minItems':
    case 'minProperties':
      return `expected ${expected ?? 'at least one entry'}, found ${kindOf(error.data)} with too few entries`
    case 'maxItems':
    case 'maxProperties':
      return `expected ${expected ?? 'fewer entries'}, found ${kindOf(error.data)} with too many entries`
    case 'minimum':
      return `expected ${String(params['limit'])} or more`
    case 'exclusiveMinimum':
      return `expected more than ${String(params['limit'])}`
    case 'maximum':
      return `expected ${String(params['limit'])} or less`
    default:
      return error.message ?? error.keyword
  }
}

const NAMES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  array: 'a list',
}

function named(types: string[]): string {
  return either(types.flatMap((type) => NAMES[type] ?? []))
}

function either(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return NAMES[typeof value] ?? typeof value
}
