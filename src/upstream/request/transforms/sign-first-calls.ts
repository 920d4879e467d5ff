/** The first call of each answer gets a stand-in for the opaque state that a vendor wants back and the client has not. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

/** `signature`: what the vendor takes in its place. */
export const signFirstCalls: RequestTransform = (options) => {
  const signature = String(options['signature'] ?? '')
  const signed = (message: Message): Message => {
    const [first, ...others] = message.tool_calls ?? []
    if (!first || first.signature !== undefined) return message
    return { ...message, tool_calls: [{ ...first, signature }, ...others] }
  }
  return (request) => {
    if (!request.messages.some((message) => message.tool_calls)) return request
    return { ...request, messages: request.messages.map(signed) }
  }
}
