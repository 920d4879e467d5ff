/**
 * System messages of a later turn stay where they are, for models that take them there: moved to the front they would change
 * what was cached, and what thoughts of earlier answers are bound to.
 */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

/** One behind the turn of the user that they stand beside, as the vendor wants it; where there is none, to the front as ever. */
export const systemInPlace: RequestTransform = () => (request) => {
  const { messages } = request
  const first = messages.findIndex(({ role }) => role !== 'system')
  if (first < 0 || !messages.some((message, i) => i > first && isSystem(message))) return request
  const placed = messages.slice(0, first)
  let held: Message[] = []
  const place = (): void => {
    const before = placed.at(-1)
    if (before?.role === 'user' || before?.role === 'tool') placed.push(...joined(held))
    else placed.push(...held)
    held = []
  }
  for (const message of messages.slice(first)) {
    if (isSystem(message)) held.push(message)
    else {
      if (message.role === 'assistant' && saysSomething(message)) place()
      placed.push(message)
    }
  }
  place()
  return { ...request, messages: placed }
}

function isSystem({ role, content }: Message): boolean {
  return role === 'system' && content.length > 0
}

function saysSomething({ content, tool_calls: calls, refusal }: Message): boolean {
  return content.length > 0 || calls !== undefined || refusal !== undefined
}

function joined(messages: readonly Message[]): Message[] {
  const [first] = messages
  return first ? [{ ...first, content: messages.flatMap(({ content }) => content), late: true }] : []
}
