/** What other vendors put into a message and clients send back, thoughts, marks and what models made, for servers that refuse to hear of it. */
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
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
const FOREIGN_OF_CALLS = ['index']
/** Kinds of content parts that only their vendor reads. */
const FOREIGN_PARTS = new Set(['thinking', 'redacted_thinking'])

type Foreign = Set<string> & { ofCalls?: Foreign }

/** `keep`: those that this server reads; `thoughts`: the one of them in which it wants thoughts that came as another, or were kept here. */
export const withoutForeignFields: RequestTransform = (options) => {
  const kept = new Set(Array.isArray(options['keep']) ? options['keep'].map(String) : [])
  const foreign: Foreign = new Set([...FOREIGN].filter((field) => !kept.has(field)))
  foreign.ofCalls = new Set([...foreign, ...FOREIGN_OF_CALLS])
  const thoughts = typeof options['thoughts'] === 'string' ? options['thoughts'] : undefined
  return (request) => {
    const { messages, tools } = request.body
    const told = thoughts === undefined ? messages : withThoughtsIn(thoughts, messages, request.messages)
    if (told === messages && !hasForeign(messages, foreign) && !hasForeign(tools, foreign)) return request
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
function hasForeign(list: unknown, foreign: Foreign): boolean {
  if (!Array.isArray(list)) return false
  for (const value of list as unknown[]) {
    if (!isMap(value)) continue
    for (const key in value) {
      if (foreign.has(key)) return true
      if (key !== 'content' && key !== 'tool_calls') continue
      const field = value[key]
      if (!Array.isArray(field)) continue
      if (!field.every(isOwn) || hasForeign(field, key === 'content' ? foreign : ofCalls(foreign))) return true
    }
  }
  return false
}

/** A message, call, part or tool without them. */
function own(value: unknown, foreign: Foreign): unknown {
  if (!isMap(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    if (foreign.has(key)) continue
    kept[key] =
      (key === 'content' || key === 'tool_calls') && Array.isArray(field)
        ? field.filter(isOwn).map((part: unknown) => own(part, key === 'content' ? foreign : ofCalls(foreign)))
        : field
  }
  return kept
}

function ofCalls(foreign: Foreign): Foreign {
  return foreign.ofCalls ?? foreign
}

function isOwn(part: unknown): boolean {
  return !isMap(part) || !FOREIGN_PARTS.has(String(part['type']))
}
