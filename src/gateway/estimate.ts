/** What a request will cost, before it is sent: a guess that the scheduler corrects by what each answer says. */
import type { ChatRequest, Message, Part } from '../chat/request.ts'
import type { Needs } from '../scheduler/types.ts'

/** UTF-8 bytes for a token of mixed English and code; the scheduler learns each model's own ratio. */
const BYTES_PER_TOKEN = 3.6
/** The same for an answer's own text. */
export const CHARACTERS_PER_TOKEN = 4
/** Tokens: vendors charge 85 to 1,600 for an image, most near this. */
const IMAGE_TOKENS = 800
/** Base64 characters for a token: a page of 100 kB costs 258 to 1,500, a second of speech (16 kB) 10 to 32. */
const FILE_CHARACTERS_PER_TOKEN = 300
const AUDIO_CHARACTERS_PER_TOKEN = 600
/** Tokens: a file's size says little of its length, and a guess must not keep out for good what the vendor would take. */
const MOST_MEDIA_TOKENS = 4000
/** Tokens that each message costs beside its text. */
const MESSAGE_TOKENS = 4

/** Tokens. */
export function estimateInput(request: ChatRequest): number {
  let tokens = 3
  for (const message of request.messages) tokens += MESSAGE_TOKENS + messageTokens(message)
  for (const tool of request.tools ?? []) {
    tokens +=
      (tool.name.length + (tool.description?.length ?? 0) + JSON.stringify(tool.parameters ?? {}).length) /
      BYTES_PER_TOKEN
  }
  return Math.ceil(tokens)
}

function messageTokens(message: Message): number {
  let tokens = 0
  for (const part of message.content) tokens += partTokens(part)
  for (const call of message.tool_calls ?? [])
    tokens += (call.name.length + JSON.stringify(call.arguments).length) / BYTES_PER_TOKEN
  return tokens
}

function partTokens(part: Part): number {
  if (part.type === 'text') return Buffer.byteLength(part.text) / BYTES_PER_TOKEN
  if (part.type === 'image') return IMAGE_TOKENS
  if (!('data' in part)) return IMAGE_TOKENS
  const each = part.type === 'audio' ? AUDIO_CHARACTERS_PER_TOKEN : FILE_CHARACTERS_PER_TOKEN
  return Math.min(part.data.length / each, MOST_MEDIA_TOKENS)
}

/** What a model must be able to do to serve this request at all. */
export function needsOf(request: ChatRequest): Needs {
  return {
    tools: request.tools !== undefined && request.tools.length > 0 && request.tool_choice !== 'none',
    vision: hasImage(request.messages),
    json_schema: request.response_format?.type === 'json_schema',
  }
}

function hasImage(messages: readonly Message[]): boolean {
  for (const { content } of messages) for (const { type } of content) if (type === 'image') return true
  return false
}
