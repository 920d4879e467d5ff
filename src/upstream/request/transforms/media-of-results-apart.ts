/** Images and files in a tool's result go into a message of the user behind the results: for vendors whose results are text. */
import type { Message, Part } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

export const mediaOfResultsApart: RequestTransform = () => (request) => {
  if (!request.messages.some(hasMedia)) return request
  const messages: Message[] = []
  let held: Message[] = []
  for (const message of request.messages) {
    if (message.role !== 'tool') messages.push(...asUser(held.splice(0)))
    if (hasMedia(message)) held.push(message)
    messages.push(hasMedia(message) ? textOnly(message) : message)
  }
  messages.push(...asUser(held))
  return { ...request, messages, body: { ...request.body, messages: messages.map(({ wire }) => wire) } }
}

function hasMedia({ role, content }: Message): boolean {
  return role === 'tool' && content.some(isMedia)
}

function isMedia({ type }: Part): boolean {
  return type !== 'text'
}

function textOnly(message: Message): Message {
  const text = message.text ?? '(in the next message of the user)'
  const content: Part[] = message.content.filter((part) => !isMedia(part))
  return {
    ...message,
    text,
    content: content.length > 0 ? content : [{ type: 'text', text }],
    wire: { ...message.wire, content: text },
  }
}

/** One message for all results that stand side by side: calls must be answered before anybody else speaks. */
function asUser(results: Message[]): Message[] {
  if (results.length === 0) return []
  const content: Part[] = []
  const wires: unknown[] = []
  for (const { name, tool_call_id: id, content: parts, wire } of results) {
    const text = `What ${name ?? 'the tool'} returned (${id}):`
    content.push({ type: 'text', text }, ...parts.filter(isMedia))
    const wired: unknown[] = Array.isArray(wire['content']) ? wire['content'] : []
    wires.push({ type: 'text', text }, ...wired.filter((part) => isMap(part) && part['type'] !== 'text'))
  }
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return [{ role: 'user', content, text, wire: { role: 'user', content: wires } }]
}
