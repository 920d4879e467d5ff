/** Text files become text, under their name: for vendors that take no files. */
import type { Message, Part } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

const TEXT = /^(text\/|application\/(json|xml|yaml|x-yaml|javascript|typescript|toml|sql)$)/

export const textFilesInline: RequestTransform = () => (request) => {
  const touched = request.messages.some((message) => message.content.some(isTextFile))
  return touched ? { ...request, messages: request.messages.map(inline) } : request
}

function isTextFile(part: Part): boolean {
  return part.type === 'file' && 'data' in part && TEXT.test(part.media_type)
}

function inline(message: Message): Message {
  if (!message.content.some(isTextFile)) return message
  const content = message.content.map(asText)
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { ...message, content, text, wire: inlineWire(message) }
}

/** Both are files in the normal form. */
const FILES: ReadonlySet<unknown> = new Set(['file', 'document_url'])

/** The files of the wire form are those of the content, in the same order. */
function inlineWire({ wire, content }: Message): Message['wire'] {
  if (!Array.isArray(wire['content'])) return wire
  const files = content.filter((part) => part.type === 'file')
  return {
    ...wire,
    content: wire['content'].map((part: unknown) => {
      const file = isMap(part) && FILES.has(part['type']) ? files.shift() : undefined
      return file && isTextFile(file) ? asText(file) : part
    }),
  }
}

function asText(part: Part): Part {
  if (part.type !== 'file' || !('data' in part) || !TEXT.test(part.media_type)) return part
  const body = Buffer.from(part.data, 'base64').toString('utf8')
  return { type: 'text', text: `\n<file name="${part.filename ?? 'file'}">\n${body}\n</file>\n` }
}
