/** A conversation that begins with the assistant gets a first word of the user, where the vendor wants one. */
import type { Message } from '../../chat/request.ts'
import type { Chore } from './index.ts'

/** `text`: what the user is made to say. */
export const startsWithUser: Chore = (options) => {
  const text = typeof options['text'] === 'string' ? options['text'] : 'Continue.'
  const opening: Message = {
    role: 'user',
    content: [{ type: 'text', text }],
    text,
    wire: { role: 'user', content: text },
  }
  return (request) => {
    const first = request.messages.findIndex((message) => message.role !== 'system')
    if (first < 0 || request.messages[first]?.role === 'user') return request
    return { ...request, messages: request.messages.toSpliced(first, 0, opening) }
  }
}
