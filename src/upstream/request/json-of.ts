/** JSON of a body, in which what comes again and again, an agent's tools or a conversation's turns, is written once. */
import { isMap } from '../../definition/scope.ts'
import { madeOf, once } from '../../runtime/recurring.ts'

/** The same as JSON.stringify, for bodies; as bytes where turns of a conversation were written before. */
export function jsonOf(body: unknown): string | Uint8Array {
  if (!isMap(body) || !hasRecurring(body)) return JSON.stringify(body)
  const pieces: Uint8Array[] = []
  let text = ''
  for (const key in body) {
    const value = body[key]
    const turns = Array.isArray(value) && !comesAgain(value) ? written(value) : undefined
    const json = turns ? '[' : Array.isArray(value) ? once(value, stringify) : JSON.stringify(value)
    if (json === undefined) continue
    text += `${text === '' && pieces.length === 0 ? '{' : ','}${JSON.stringify(key)}:${json}`
    if (!turns) continue
    pieces.push(Buffer.from(text), turns.bytes)
    text = `${restOf(value as unknown[], turns.items.length)}]`
  }
  text += text === '' && pieces.length === 0 ? '{}' : '}'
  return pieces.length === 0 ? text : Buffer.concat([...pieces, Buffer.from(text)])
}

function hasRecurring(body: Record<string, unknown>): boolean {
  for (const key in body) {
    const value = body[key]
    if (Array.isArray(value) && (comesAgain(value) || comesAgain(value[0]))) return true
  }
  return false
}

/** The first items of a list, which come again, and their JSON without the list's marks. */
interface Written {
  items: readonly unknown[]
  bytes: Uint8Array
}

/** Undefined where the first item does not come again: a conversation does so from its first turn on. */
function written(list: readonly unknown[]): Written | undefined {
  const [first] = list
  const made = isObject(first) ? madeOf(first) : undefined
  if (made === undefined) return undefined
  // by the first item, so that only the longest of a conversation's beginnings is kept
  const before = made.get(written) as Written | undefined
  const count = before?.items.every((item, at) => item === list[at]) ? before.items.length : 0
  let end = count
  while (end < list.length && comesAgain(list[end])) end++
  if (before && end === count) return before
  const more = Buffer.from(list.slice(count, end).map(stringify).join(','))
  const bytes = before && count > 0 ? Buffer.concat([before.bytes, COMMA, more]) : more
  const longer: Written = { items: list.slice(0, end), bytes }
  made.set(written, longer)
  return longer
}

const COMMA = Buffer.from(',')

function restOf(list: readonly unknown[], from: number): string {
  let text = ''
  for (let at = from; at < list.length; at++) text += `,${stringify(list[at]) ?? 'null'}`
  return text
}

function comesAgain(value: unknown): boolean {
  return isObject(value) && madeOf(value) !== undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

const stringify = (value: unknown): string | undefined => JSON.stringify(value)
