import type { ResponseFormat } from '../../../chat/request.ts'
import { filled, isRecord } from '../json-value.ts'

/** The form that the answer must have; plain text is no form. */
export function parseResponseFormat(value: unknown): ResponseFormat | undefined {
  if (!isRecord(value)) return undefined
  if (value['type'] === 'json_object') return { type: 'json_object' }
  if (value['type'] !== 'json_schema' || !isRecord(value['json_schema'])) return undefined
  const { name, description, schema, strict } = value['json_schema']
  const described = filled(description)
  return {
    type: 'json_schema',
    name: filled(name) ?? 'response',
    ...(described !== undefined && { description: described }),
    schema: isRecord(schema) ? schema : { type: 'object' },
    ...(typeof strict === 'boolean' && { strict }),
  }
}
