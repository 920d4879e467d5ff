/** A conversation that the user does not begin, or in which nobody says anything, gets a first word of the user. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

/** `text`: what the user is made to say. */
export const startsWithUser: RequestTransform = (options) => {
  const text = typeof options['text'] === 'string' ? options['text'] : 'Continue.'
  const opening: Message = {
    role: 'user',
    content: [{ type: 'text', text }],
    text,
    wire: { role: 'user', content: text },
  }
  return (request) => {
    const first = request.messages.findIndex(saysSomething)
    if (request.messages[first]?.role === 'user') return request
    return { ...request, messages: request.messages.toSpliced(first < 0 ? request.messages.length : first, 0, opening) }
  }
}

function saysSomething({ role, content, tool_calls: calls, refusal }: Message): boolean {
  return role !== 'system' && (role === 'tool' || content.length > 0 || calls !== undefined || refusal !== undefined)
}
