/** Names of tools where OpenAI's wire writes them. */
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'

type Wire = Record<string, unknown>
type Rename = (name: string) => string

/** A body with its tools and its choice renamed, and with these messages. */
export function withWireNames(body: Wire, messages: Message[], rename: Rename): Wire {
  const renamed: Wire = { ...body, messages: messages.map(({ wire }) => wire) }
  for (const field of ['tools', 'functions']) {
    const list: unknown = body[field]
    if (Array.isArray(list)) renamed[field] = list.map((tool) => callWithName(tool, rename))
  }
  for (const field of ['tool_choice', 'function_call']) {
    if (isMap(body[field])) renamed[field] = choiceWithNames(body[field], rename)
  }
  return renamed
}

/** A message, or a chunk's delta. */
export function wireWithNames(message: Wire, rename: Rename): Wire {
  const renamed: Wire = { ...message }
  const calls = message['tool_calls']
  if (Array.isArray(calls)) renamed['tool_calls'] = calls.map((call) => callWithName(call, rename))
  if (isMap(message['function_call'])) renamed['function_call'] = named(message['function_call'], rename)
  const isResult = message['role'] === 'tool' || message['role'] === 'function'
  return isResult ? named(renamed, rename) : renamed
}

function choiceWithNames(choice: Wire, rename: Rename): unknown {
  const allowed = choice['allowed_tools']
  if (!isMap(allowed) || !Array.isArray(allowed['tools'])) return callWithName(choice, rename)
  return { ...choice, allowed_tools: { ...allowed, tools: allowed['tools'].map((tool) => callWithName(tool, rename)) } }
}

/** `{ function: { name } }`, `{ custom: { name } }` or the name alone: of a call, a tool or a choice. */
function callWithName(call: unknown, rename: Rename): unknown {
  if (!isMap(call)) return call
  const kind = ['function', 'custom'].find((each) => isMap(call[each]))
  return kind === undefined ? named(call, rename) : { ...call, [kind]: named(call[kind] as Wire, rename) }
}

function named(wire: Wire, rename: Rename): Wire {
  return typeof wire['name'] === 'string' ? { ...wire, name: rename(wire['name']) } : wire
}
