/** JSON of a body, in which the text of what comes again and again, an agent's tools or a conversation's turns, is made once. */
import { isMap } from '../../definition/scope.ts'
import { madeOf, once } from '../../runtime/recurring.ts'

/** The same as JSON.stringify, for bodies: whatever is no map, or has no field that recurs, is given to that. */
export function jsonOf(body: unknown): string {
  if (!isMap(body) || !hasRecurring(body)) return JSON.stringify(body)
  let text = ''
  for (const key in body) {
    const value = body[key]
    const json = Array.isArray(value) ? listOf(value) : JSON.stringify(value)
    if (json !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${json}`
  }
  return `{${text}}`
}

function hasRecurring(body: Record<string, unknown>): boolean {
  for (const key in body) {
    const value = body[key]
    if (Array.isArray(value) && (comesAgain(value) || comesAgain(value[0]))) return true
  }
  return false
}

/** A conversation that comes again does so from its first turn on. */
function listOf(list: unknown[]): string {
  if (comesAgain(list)) return once(list, stringify)
  if (!comesAgain(list[0])) return JSON.stringify(list)
  let text = ''
  for (const item of list) {
    const json = isMap(item) ? once(item, stringify) : JSON.stringify(item)
    text += `${text === '' ? '' : ','}${json ?? 'null'}`
  }
  return `[${text}]`
}

function comesAgain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && madeOf(value) !== undefined
}

const stringify = (value: object): string => JSON.stringify(value)
