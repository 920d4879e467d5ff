/** Results of parallel calls in the order of the calls: for vendors that know a result by its place and its tool's name. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const toolResultsInOrder: RequestTransform = () => (request) => {
  if (!request.messages.some(hasParallelCalls)) return request
  return { ...request, messages: inOrder(request.messages) }
}

function hasParallelCalls({ tool_calls: calls }: Message): boolean {
  return calls !== undefined && calls.length > 1
}

function inOrder(given: Message[]): Message[] {
  const messages = [...given]
  for (let i = 0; i < messages.length; i++) {
    const calls = messages[i]?.tool_calls
    if (!calls || calls.length < 2) continue
    const answered = messages
      .slice(i + 1, nextTurn(messages, i + 1))
      .flatMap(({ role }, n) => (role === 'tool' ? [i + 1 + n] : []))
    const place = (message: Message): number => {
      const found = calls.findIndex((call) => call.id === message.tool_call_id)
      return found < 0 ? calls.length : found
    }
    const sorted = answered.map((at) => messages[at] as Message).toSorted((a, b) => place(a) - place(b))
    for (const [n, at] of answered.entries()) messages[at] = sorted[n] as Message
  }
  return messages
}

/** Where the results of one turn end: system messages may stand between them. */
function nextTurn(messages: Message[], from: number): number {
  const end = messages.findIndex(({ role }, at) => at >= from && role !== 'tool' && role !== 'system')
  return end < 0 ? messages.length : end
}
