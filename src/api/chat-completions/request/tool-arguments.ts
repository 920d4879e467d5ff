import { parseFinite } from '../../../runtime/json/json.ts'
import { isRecord } from '../json-value.ts'

/**
 * A tool call's arguments as an object, whatever was sent: models write text that is not valid JSON, and other vendors want an
 * object. Nothing becomes `{}`; what is no object becomes `{ "input": … }`.
 */
export function parseArguments(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  if (value === undefined || value === null) return {}
  if (typeof value !== 'string') return { input: value }
  if (value.trim() === '') return {}
  const parsed = parseFinite(value)
  if (isRecord(parsed)) return parsed
  if (parsed === null) return {}
  // Some models encode their JSON twice.
  const again = typeof parsed === 'string' ? parseFinite(parsed) : undefined
  return isRecord(again) ? again : { input: value }
}
