/** What other vendors put into a message and clients send back, thoughts, marks and what models made, for servers that refuse to hear of it. */
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import { madeOf, once } from '../../../runtime/recurring.ts'
import type { RequestTransform } from './request-transform.ts'

const FOREIGN = new Set([
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'extra_content',
  'cache_control',
  'images',
  'server_tools',
  'provider_specific_fields',
])
/** Of a call alone: its place in a stream. */
const PLACE = 'index'
/** Kinds of content parts that only their vendor reads. */
const FOREIGN_PARTS = new Set(['thinking', 'redacted_thinking'])

/** `keep`: those that this server reads; `thoughts`: the one of them in which it wants thoughts that came as another, or were kept here. */
export const withoutForeignFields: RequestTransform = (options) => {
  const kept = new Set(Array.isArray(options['keep']) ? options['keep'].map(String) : [])
  const foreign = new Set([...FOREIGN].filter((field) => !kept.has(field)))
  const isForeign = (message: object): boolean => !isOwn(message) || hasForeign(message, foreign)
  // of a message that comes again it is known
  const knownForeign = (message: unknown): boolean =>
    typeof message === 'object' && message !== null && (madeOf(message) ? once(message, isForeign) : isForeign(message))
  const thoughts = typeof options['thoughts'] === 'string' ? options['thoughts'] : undefined
  return (request) => {
    const { messages, tools } = request.body
    const told = thoughts === undefined ? messages : withThoughtsIn(thoughts, messages, request.messages)
    const isPlain = told === messages && !(Array.isArray(messages) && messages.some(knownForeign))
    if (isPlain && !isAnyForeign(tools, foreign)) return request
    const body = { ...request.body }
    if (Array.isArray(told)) body['messages'] = told.map((message) => own(message, foreign))
    if (Array.isArray(tools)) body['tools'] = tools.map((tool) => own(tool, foreign))
    return { ...request, body }
  }
}

const THOUGHTS = ['reasoning', 'reasoning_details']

/** Thoughts that stand under another name alone, or under none as the client dropped them, stand under this one. */
function withThoughtsIn(field: string, wired: unknown, messages: readonly Message[]): unknown {
  const isSame = Array.isArray(wired) && wired.length === messages.length
  if (!isSame || messages.every(({ reasoning }) => reasoning === undefined)) return wired
  return wired.map((wire: unknown, i) => {
    const text = (messages[i]?.reasoning ?? []).map((thought) => thought.text ?? '').join('')
    if (text === '' || !isMap(wire) || THOUGHTS.some((name) => wire[name] !== undefined)) return wire
    return { ...wire, [field]: text }
  })
}

/** Whether `own` would leave anything out of a list: to look costs less than a copy. */
function isAnyForeign(list: unknown, foreign: ReadonlySet<string>, areCalls = false): boolean {
  if (!Array.isArray(list)) return false
  for (const value of list as unknown[]) if (!isOwn(value) || hasForeign(value, foreign, areCalls)) return true
  return false
}

function hasForeign(value: unknown, foreign: ReadonlySet<string>, isCall = false): boolean {
  if (!isMap(value)) return false
  for (const key in value) {
    if (foreign.has(key) || (isCall && key === PLACE)) return true
    if (key === 'function' && hasForeign(value[key], foreign)) return true
    if ((key === 'content' || key === 'tool_calls') && isAnyForeign(value[key], foreign, key === 'tool_calls'))
      return true
  }
  return false
}

/** A message, call, function, part or tool without them. */
function own(value: unknown, foreign: ReadonlySet<string>, isCall = false): unknown {
  if (!isMap(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    if (foreign.has(key) || (isCall && key === PLACE)) continue
    if (key === 'function') kept[key] = own(field, foreign)
    else if ((key === 'content' || key === 'tool_calls') && Array.isArray(field))
      kept[key] = field.filter(isOwn).map((part: unknown) => own(part, foreign, key === 'tool_calls'))
    else kept[key] = field
  }
  return kept
}

function isOwn(part: unknown): boolean {
  return !isMap(part) || !FOREIGN_PARTS.has(String(part['type']))
}
