/** JSON of a body, in which the text of a field that comes again and again, such as an agent's tools, is made once. */
import { isMap } from '../../definition/scope.ts'
import { madeOf, once } from '../../runtime/recurring.ts'

/** The same as JSON.stringify, for bodies: whatever is no map, or has no field that recurs, is given to that. */
export function jsonOf(body: unknown): string {
  if (!isMap(body) || !hasRecurring(body)) return JSON.stringify(body)
  let text = ''
  for (const key in body) {
    const value = body[key]
    const json = typeof value === 'object' && value !== null ? once(value, stringify) : JSON.stringify(value)
    if (json !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${json}`
  }
  return `{${text}}`
}

function hasRecurring(body: Record<string, unknown>): boolean {
  for (const key in body) {
    const value = body[key]
    if (Array.isArray(value) && madeOf(value) !== undefined) return true
  }
  return false
}

const stringify = (value: object): string => JSON.stringify(value)
