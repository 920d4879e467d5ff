/** After calls their results, one each, and words only behind them: what stands between is moved, a missing result is told, several become one. */
import type { Message, ToolCall } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const resultsFirst: RequestTransform = () => (request) => {
  const messages = inOrder(request.messages)
  if (messages === request.messages) return request
  return { ...request, messages, body: { ...request.body, messages: messages.map(({ wire }) => wire) } }
}

/** The same list where every turn is in order, as nearly every one is. */
function inOrder(messages: Message[]): Message[] {
  let ordered = messages
  let next = -1
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at] as Message
    if (message.role !== 'assistant') continue
    const turn = message.tool_calls ? messages.slice(at + 1, next < 0 ? messages.length : next) : []
    // calls at the very end are still to be answered
    if (message.tool_calls && (turn.length > 0 || next >= 0)) {
      const right = inTurn(message, message.tool_calls, turn)
      if (right) ordered = ordered.toSpliced(at + 1, turn.length, ...right)
    }
    next = at
  }
  return ordered
}

/** Undefined of a turn that is in order. */
function inTurn(asked: Message, calls: readonly ToolCall[], turn: readonly Message[]): Message[] | undefined {
  const all = turn.filter(({ role }) => role === 'tool')
  const answered = new Set(all.map((result) => result.tool_call_id))
  const results = answered.size === all.length ? all : oneEach(all)
  const missing = calls.filter(({ id }) => !answered.has(id))
  const isInOrder = results === all && turn.slice(0, all.length).every(({ role }) => role === 'tool')
  if (isInOrder && missing.length === 0) return undefined
  const isOlder = asked.wire['function_call'] !== undefined
  return [...results, ...missing.map((call) => noResult(call, isOlder)), ...turn.filter(({ role }) => role !== 'tool')]
}

/** Clients that go on after a fault, or start anew, give a call a second result. */
function oneEach(results: readonly Message[]): Message[] {
  const byCall = Map.groupBy(results, (result) => result.tool_call_id)
  return [...byCall.values()].map(joined)
}

/** Those that say the same are one. */
function joined(results: readonly Message[]): Message {
  const different = [...new Map(results.map((result) => [JSON.stringify(result.content), result])).values()]
  const [first] = different as [Message]
  if (different.length === 1) return first
  const text = different.flatMap((each) => each.text ?? []).join('\n')
  const isPlain = different.every(({ wire }) => !Array.isArray(wire['content']))
  return {
    ...first,
    content: isPlain ? [{ type: 'text', text }] : different.flatMap(({ content }) => content),
    text,
    wire: { ...first.wire, content: isPlain ? text : different.flatMap(partsOf) },
  }
}

function partsOf({ wire: { content } }: Message): unknown[] {
  return Array.isArray(content) ? content : content ? [{ type: 'text', text: content }] : []
}

const NO_RESULT = '(no result)'

/** @param isOlder in the form of the deprecated functions */
function noResult({ id, name }: ToolCall, isOlder: boolean): Message {
  return {
    role: 'tool',
    tool_call_id: id,
    name,
    content: [{ type: 'text', text: NO_RESULT }],
    text: NO_RESULT,
    wire: isOlder
      ? { role: 'function', name, content: NO_RESULT }
      : { role: 'tool', tool_call_id: id, content: NO_RESULT },
  }
}
