/** A last message of the assistant is a beginning to go on from; some vendors refuse one that ends in white space. */
import type { Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const trimLastAnswer: RequestTransform = () => (request) => {
  const at = request.messages.findLastIndex(saysSomething)
  const last = request.messages[at]
  const part = last?.content.at(-1)
  if (last?.role !== 'assistant' || part?.type !== 'text' || part.text === part.text.trimEnd()) return request
  const text = part.text.trimEnd()
  const content = text === '' ? last.content.slice(0, -1) : [...last.content.slice(0, -1), { ...part, text }]
  const trimmed = { ...last, content, text: last.text?.trimEnd() || undefined }
  return { ...request, messages: request.messages.with(at, trimmed) }
}

function saysSomething({ role, content, tool_calls: calls }: Message): boolean {
  return role === 'tool' || (role !== 'system' && (content.length > 0 || calls !== undefined))
}
