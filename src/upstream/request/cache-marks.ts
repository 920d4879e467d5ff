/** Marks of the prompt cache where the client sets none: what a conversation repeats is read once, and not paid for again. */
import type { ChatRequest, Message, Part } from '../../chat/request.ts'
import { isMap } from '../../definition/scope.ts'

type Wire = Record<string, unknown>

const MARK = { type: 'ephemeral' }

/** The last tool, the last of the system's words and the last message, in the canonical form and in the client's body. */
export function withCacheMarks(request: ChatRequest): ChatRequest {
  if (request.native !== undefined || isMarked(request)) return request
  const { tools, messages, body } = request
  const marked: ChatRequest = { ...request, body: { ...body } }
  if (tools && tools.length > 0) {
    marked.tools = withLast(tools, (tool) => ({ ...tool, cache_control: MARK }))
    const wired = body['tools']
    if (Array.isArray(wired)) marked.body['tools'] = withLast<unknown>(wired, (tool) => marks(tool))
  }
  const at = new Set([messages.findLastIndex(isSystem), messages.findLastIndex(hasContent)])
  marked.messages = messages.map((message, i) => (at.has(i) ? markedMessage(message) : message))
  const wires = body['messages']
  // one to one, as long as the client's list held nothing else
  if (Array.isArray(wires) && wires.length === messages.length)
    marked.body['messages'] = wires.map((wire: unknown, i) => (at.has(i) && isMap(wire) ? markedWire(wire) : wire))
  return marked
}

/** The client knows better which of its words come again. */
function isMarked({ messages, tools }: ChatRequest): boolean {
  return (
    messages.some(({ content }) => content.some((part) => 'cache_control' in part)) ||
    tools?.some((tool) => tool.cache_control !== undefined) === true
  )
}

function isSystem(message: Message): boolean {
  return message.role === 'system' && hasContent(message)
}

function hasContent({ content }: Message): boolean {
  return content.length > 0
}

function markedMessage(message: Message): Message {
  const content = withLast(message.content, (part) => ({ ...part, cache_control: MARK }) as Part)
  return { ...message, content, wire: markedWire(message.wire) }
}

function markedWire(wire: Wire): Wire {
  const { content } = wire
  if (typeof content === 'string')
    return content === '' ? wire : { ...wire, content: [marks({ type: 'text', text: content })] }
  return Array.isArray(content) ? { ...wire, content: withLast<unknown>(content, marks) } : wire
}

function marks(value: unknown): unknown {
  return isMap(value) ? { ...value, cache_control: MARK } : value
}

function withLast<T>(list: readonly T[], change: (last: T) => T): T[] {
  return list.map((item, i) => (i === list.length - 1 ? change(item) : item))
}
