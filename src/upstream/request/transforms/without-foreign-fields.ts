/** What other vendors put into a message and clients send back, thoughts and marks, for servers that refuse to hear of it. */
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

const FOREIGN = new Set([
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'extra_content',
  'cache_control',
])
/** Kinds of content parts that only their vendor reads. */
const FOREIGN_PARTS = new Set(['thinking', 'redacted_thinking'])

export const withoutForeignFields: RequestTransform = () => (request) => {
  const { messages, tools } = request.body
  if (!hasForeign(messages) && !hasForeign(tools)) return request
  const body = { ...request.body }
  if (Array.isArray(messages)) body['messages'] = messages.map(own)
  if (Array.isArray(tools)) body['tools'] = tools.map(own)
  return { ...request, body }
}

/** Whether `own` would leave anything out of a list: to look costs less than a copy. */
function hasForeign(list: unknown): boolean {
  if (!Array.isArray(list)) return false
  for (const value of list as unknown[]) {
    if (!isMap(value)) continue
    for (const key in value) {
      if (FOREIGN.has(key)) return true
      if (key !== 'content' && key !== 'tool_calls') continue
      const field = value[key]
      if (Array.isArray(field) && (!field.every(isOwn) || hasForeign(field))) return true
    }
  }
  return false
}

/** A message, call, part or tool without them. */
function own(value: unknown): unknown {
  if (!isMap(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    if (FOREIGN.has(key)) continue
    kept[key] =
      (key === 'content' || key === 'tool_calls') && Array.isArray(field) ? field.filter(isOwn).map(own) : field
  }
  return kept
}

function isOwn(part: unknown): boolean {
  return !isMap(part) || !FOREIGN_PARTS.has(String(part['type']))
}
