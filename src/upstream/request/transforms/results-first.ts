/** After calls their results, and words only behind them: what stands between is moved, and a result that is missing is told. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const resultsFirst: RequestTransform = () => (request) => {
  const messages = inOrder(request.messages)
  return messages === request.messages ? request : { ...request, messages }
}

/** The same list where every turn is in order, as nearly every one is. */
function inOrder(messages: Message[]): Message[] {
  let ordered = messages
  for (let at = messages.length - 1; at >= 0; at--) {
    const calls = messages[at]?.tool_calls
    if (!calls) continue
    const next = messages.findIndex(({ role }, i) => i > at && role === 'assistant')
    const turn = messages.slice(at + 1, next < 0 ? messages.length : next)
    // calls at the very end are still to be answered
    if (turn.length === 0 && next < 0) continue
    const results = turn.filter(({ role }) => role === 'tool')
    const missing = calls.filter(({ id }) => !results.some((result) => result.tool_call_id === id))
    const isInOrder = turn.slice(0, results.length).every(({ role }) => role === 'tool')
    if (isInOrder && missing.length === 0) continue
    const others = turn.filter(({ role }) => role !== 'tool')
    ordered = ordered.toSpliced(at + 1, turn.length, ...results, ...missing.map(noResult), ...others)
  }
  return ordered
}

const NO_RESULT = '(no result)'

function noResult({ id, name }: { id: string; name: string }): Message {
  return {
    role: 'tool',
    tool_call_id: id,
    name,
    content: [{ type: 'text', text: NO_RESULT }],
    text: NO_RESULT,
    wire: { role: 'tool', tool_call_id: id, content: NO_RESULT },
  }
}
