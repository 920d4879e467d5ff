/** Tool-call ids of other vendors, made to fit this one's rules: the same id always becomes the same, calls and results alike. */
import { createHash } from 'node:crypto'
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import { madeOf, once } from '../../../runtime/recurring.ts'
import type { RequestTransform } from './request-transform.ts'

/** `characters`: those allowed, as in a character class; `length`: exact length; `most`: greatest length, where there is one. */
export const toolCallIds: RequestTransform = (options) => {
  const characters = typeof options['characters'] === 'string' ? options['characters'] : 'A-Za-z0-9_-'
  const length = typeof options['length'] === 'number' ? options['length'] : undefined
  const most = typeof options['most'] === 'number' ? options['most'] : Infinity
  const forbidden = new RegExp(`[^${characters}]`, 'g')
  const fit = (id: string): string => {
    const bare = id.replaceAll(forbidden, '')
    const isRightLength = length === undefined ? id.length <= most : id.length === length
    if (bare === id && id !== '' && isRightLength) return id
    // two ids that differ only in forbidden characters must stay two
    const digest = createHash('sha256').update(id).digest('hex')
    return length === undefined ? `${bare.slice(0, 40)}${digest.slice(0, 8)}` : digest.slice(0, length)
  }
  const fitted = (message: Message): Message => rename(message, fit)
  return (request) => {
    if (!request.messages.some(hasIds)) return request
    const messages = request.messages.map((message) => (madeOf(message) ? once(message, fitted) : fitted(message)))
    return messages.every((message, i) => message === request.messages[i]) ? request : { ...request, messages }
  }
}

function hasIds(message: Message): boolean {
  return message.tool_calls !== undefined || message.tool_call_id !== undefined
}

function rename(message: Message, fit: (id: string) => string): Message {
  if (message.tool_call_id !== undefined) {
    const id = fit(message.tool_call_id)
    if (id === message.tool_call_id) return message
    return { ...message, tool_call_id: id, wire: { ...message.wire, tool_call_id: id } }
  }
  if (!message.tool_calls) return message
  const calls = message.tool_calls.map((call) => ({ ...call, id: fit(call.id) }))
  if (calls.every(({ id }, i) => id === message.tool_calls?.[i]?.id)) return message
  const wired = message.wire['tool_calls']
  if (!Array.isArray(wired)) return { ...message, tool_calls: calls }
  // the calls of the wire form are those of the normal form, in the same order; one without an id has been given one
  const renamed = wired.map((call: unknown, i) => (isMap(call) && calls[i] ? { ...call, id: calls[i].id } : call))
  return { ...message, tool_calls: calls, wire: { ...message.wire, tool_calls: renamed } }
}
