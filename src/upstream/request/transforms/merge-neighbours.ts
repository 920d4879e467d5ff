/** Neighbours of one role in one message, for vendors whose roles alternate; calls and tool results stay apart. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const mergeNeighbours: RequestTransform = () => (request) => {
  const out: Message[] = []
  for (const message of request.messages) {
    const last = out.at(-1)
    const joins = last?.role === message.role && message.role !== 'tool' && !last.tool_calls && !message.tool_calls
    if (last && joins) out[out.length - 1] = joined(last, message)
    else out.push(message)
  }
  return out.length === request.messages.length ? request : { ...request, messages: out }
}

function joined(first: Message, second: Message): Message {
  const text = [first.text, second.text].filter((each) => each !== undefined).join('\n\n')
  const [before, after] = [first.wire['content'], second.wire['content']]
  const content =
    typeof before === 'string' && typeof after === 'string'
      ? `${before}\n\n${after}`
      : [...parts(before), ...parts(after)]
  return {
    ...first,
    content: [...first.content, ...second.content],
    text: text === '' ? undefined : text,
    wire: { ...first.wire, ...second.wire, content },
  }
}

function parts(content: unknown): unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
}
