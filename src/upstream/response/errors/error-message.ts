/** The message of an error body whose shape no rule of the definition knew: the places where servers put one. */
import { isMap } from '../../../definition/scope.ts'

const PLACES = [
  'message',
  'error',
  'detail',
  'error_message',
  'error_msg',
  'errors',
  'msg',
  'Message',
  'fault',
  'faultstring',
  'title',
]

export function messageOf(body: unknown, depth = 0): string | undefined {
  if (typeof body === 'string') return body.trim() === '' ? undefined : body
  if (depth > 4) return undefined
  if (Array.isArray(body)) return body.length > 0 ? messageOf(body[0], depth + 1) : undefined
  if (!isMap(body)) return undefined
  for (const place of PLACES) {
    const found = messageOf(body[place], depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
