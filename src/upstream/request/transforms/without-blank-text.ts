/** Text parts of nothing but white space are left out: some vendors refuse a message that holds one. */
import type { Message, Part } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const withoutBlankText: RequestTransform = () => (request) => {
  if (!request.messages.some(hasBlank)) return request
  return {
    ...request,
    messages: request.messages.map((message) => (hasBlank(message) ? withoutBlank(message) : message)),
  }
}

function hasBlank(message: Message): boolean {
  return message.content.some(isBlank)
}

function isBlank(part: Part): boolean {
  return part.type === 'text' && part.text.trim() === ''
}

function withoutBlank(message: Message): Message {
  const content = message.content.filter((part) => !isBlank(part))
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { ...message, content, text: text === '' ? undefined : text }
}
