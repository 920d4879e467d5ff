/** Vendors that go on from a last message of the assistant, and how they are asked to. */
import type { ChatRequest, Message } from '../../chat/request.ts'
import { isMap } from '../../definition/scope.ts'

/** Fields beside those of any request: of the message, and of the body; false where the vendor cannot. */
export type Prefix = false | { message: Record<string, unknown>; body: Record<string, unknown> }

/** @param written `true`, `false`, or `{ message, body }`, checked by the schema */
export function readPrefix(written: unknown): Prefix {
  if (written === undefined || written === null || written === false) return false
  const { message, body } = isMap(written) ? written : {}
  return { message: isMap(message) ? message : {}, body: isMap(body) ? body : {} }
}

/** The request whose answer goes on where `text` ends. What the client itself began, this one goes on from, too. */
export function withPrefix(request: ChatRequest, text: string, prefix: Exclude<Prefix, false>): ChatRequest {
  const last = request.messages.at(-1)
  const begun = last?.role === 'assistant' && last.tool_calls === undefined ? last : undefined
  const whole = (begun?.text ?? '') + text
  const wire = { ...begun?.wire, role: 'assistant', content: whole, ...prefix.message }
  const message: Message = {
    ...begun,
    role: 'assistant',
    content: [{ type: 'text', text: whole }],
    text: whole,
    wire,
  }
  const kept = begun ? request.messages.slice(0, -1) : request.messages
  const wires = Array.isArray(request.body['messages']) ? (request.body['messages'] as unknown[]) : []
  return {
    ...request,
    messages: [...kept, message],
    // what goes on is no request of the client's any more
    native: undefined,
    // what there was to think has been thought; some vendors refuse a prefix together with thinking
    reasoning_effort: undefined,
    extra: { ...request.extra, ...prefix.body },
    body: { ...request.body, messages: [...(begun ? wires.slice(0, -1) : wires), wire], ...prefix.body },
  }
}
