import type { ErrorObject } from 'ajv'
import { GatewayError } from '../../../../chat/error.ts'

/** A fault that ajv found, in OpenAI's words: what was expected, what came, and `param` as OpenAI writes it. */
export function schemaError(fault: ErrorObject | undefined, body: unknown): GatewayError {
  if (fault === undefined) return invalid('The request body is invalid.', null, null)
  const path = paramOf(fault.instancePath, body)
  const value = valueAt(body, fault.instancePath)
  const { params } = fault as { params: Record<string, unknown> }
  if (path === '' && fault.keyword === 'type') {
    return invalid('The request body must be a JSON object, sent as application/json.', null, 'invalid_type')
  }
  switch (fault.keyword) {
    case 'required': {
      const param = join(path, String(params['missingProperty']))
      return invalid(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
    }
    case 'type': {
      const expected = [params['type']]
        .flat()
        .filter((type) => type !== 'null' || value === null)
        .map(withArticle)
      const wanted = expected.length === 1 ? expected[0] : `one of ${expected.join(' or ')}`
      return invalid(
        `Invalid type for '${path}': expected ${wanted}, but got ${kindOf(value)} instead.`,
        path,
        'invalid_type',
      )
    }
    case 'enum': {
      const words = (params['allowedValues'] as unknown[]).map((word) => `'${String(word)}'`).join(', ')
      return invalid(
        `Invalid value: '${short(value)}' for '${path}'. Supported values are: ${words}.`,
        path,
        'invalid_value',
      )
    }
    case 'minItems':
      return invalid(
        `Invalid '${path}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
        path,
        'empty_array',
      )
    case 'minLength':
      return invalid(
        `Invalid '${path}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
        path,
        'empty_string',
      )
    default:
      return invalid(`Invalid '${path}': ${fault.message ?? 'not what is expected here'}.`, path, 'invalid_value')
  }
}

function invalid(message: string, param: string | null, code: string | null): GatewayError {
  return new GatewayError('invalid_request', message, { param, code })
}

/** `/messages/0/content` → `messages[0].content`. */
function paramOf(pointer: string, body: unknown): string {
  let path = ''
  let value = body
  for (const step of steps(pointer)) {
    path = Array.isArray(value) ? `${path}[${step}]` : join(path, step)
    value = (value as Record<string, unknown>)[step]
  }
  return path
}

function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function valueAt(body: unknown, pointer: string): unknown {
  return steps(pointer).reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], body)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'number' ? `a ${Number.isInteger(value) ? 'number' : 'decimal'}` : withArticle(typeof value)
}

function withArticle(type: unknown): string {
  const word = String(type)
  if (word === 'null') return word
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
