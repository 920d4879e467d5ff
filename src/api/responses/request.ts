/** A Responses request as OpenAI's chat body, and from there as the normal form. */
import type { ChatRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import { checkChatRequest } from '../chat-completions/request/schema/schema.ts'
import { inOwnWords } from '../inbound/own-words.ts'
import { invalid } from '../chat-completions/request/invalid.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { unreadFields } from '../inbound/unread-fields.ts'
import { readConversation } from './input-items.ts'
import { readTools, type Namespaced } from './tools.ts'

type Json = Record<string, unknown>

export interface ResponsesRequest {
  chat: ChatRequest
  /** The client's own items, for whoever keeps the conversation. */
  items: unknown[]
  spaced: ReadonlyMap<string, Namespaced>
}

/** Same name and meaning in chat completions. */
const SAME = [
  'model',
  'temperature',
  'top_p',
  'top_logprobs',
  'parallel_tool_calls',
  'user',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'moderation',
] as const

/** A conversation and a template that the vendor keeps. */
const ELSEWHERE = ['conversation', 'prompt']

/** Read elsewhere, or without meaning for an upstream of another wire. */
const READ = new Set<string>([
  ...SAME,
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'text',
  'reasoning',
  'include',
  'stream',
  'stream_options',
  'max_output_tokens',
  'metadata',
  'client_metadata',
  'store',
  'background',
  'truncation',
  'previous_response_id',
  ...ELSEWHERE,
])

/**
 * Throws a GatewayError with the `param` at fault.
 * @param history items of the responses before, as this server keeps them
 * @param isForeign the upstream alone knows the responses before
 */
export function readResponsesRequest(body: Json, history: readonly unknown[], isForeign: boolean): ResponsesRequest {
  const items = itemsOf(body['input'])
  const elsewhere = ELSEWHERE.find((field) => isSaid(body[field]))
  if (items.length === 0 && history.length === 0 && elsewhere === undefined && !isForeign)
    throw invalid('input must hold a text or at least one item.', 'input')
  if (body['background'] === true)
    throw new GatewayError(
      'unsupported',
      'This server runs no background responses: leave background out, and stream.',
      {
        param: 'background',
      },
    )
  const conversation = readConversation([...history, ...items], isForeign || elsewhere !== undefined)
  const declared: unknown[] = Array.isArray(body['tools']) ? body['tools'] : []
  const read = readTools(declared, conversation.tools, body['tool_choice'])
  const messages = [...instructions(body['instructions']), ...conversation.messages]
  // what holds nothing for another API is for an upstream of this one to judge
  const said = messages.length > 0 ? messages : NO_WORDS
  const chatBody: Json = { ...same(body), messages: said, ...formOf(body['text']), ...reasoningOf(body['reasoning']) }
  if (read.tools.length > 0) {
    chatBody['tools'] = read.tools
    if (read.choice !== undefined && read.choice !== null) chatBody['tool_choice'] = read.choice
  } else delete chatBody['parallel_tool_calls']
  if (typeof body['max_output_tokens'] === 'number' || typeof body['max_output_tokens'] === 'bigint')
    chatBody['max_completion_tokens'] = body['max_output_tokens']
  if (chatBody['top_logprobs'] !== undefined || asksLogprobs(body['include'])) chatBody['logprobs'] = true
  if (body['stream'] === true) Object.assign(chatBody, { stream: true, stream_options: { include_usage: true } })
  const chat = chatRequest(chatBody)
  const leftOut = [
    ...conversation.leftOut,
    ...read.hosted.map((type) => `the tool ${type}`),
    ...(body['truncation'] === 'auto' ? ['truncation: auto'] : []),
  ].map((what) => `${what} left out: for an upstream of the same API`)
  const losses = [...new Set(leftOut), ...unreadFields(body, READ)]
  if (losses.length > 0) chat.losses = losses
  const kept = isForeign ? 'previous_response_id' : elsewhere
  const insists = read.insists ?? conversation.insists ?? heldElsewhere(kept, messages)
  if (insists !== undefined) chat.needs_native = insists
  return { chat, items, spaced: read.spaced }
}

export function itemsOf(input: unknown): unknown[] {
  if (typeof input === 'string') return input === '' ? [] : [{ type: 'message', role: 'user', content: input }]
  if (input === undefined || input === null) return []
  if (!Array.isArray(input)) throw invalid('input must be a text or a list of items.', 'input')
  return input
}

function instructions(written: unknown): Json[] {
  const text = filled(written)
  return text === undefined ? [] : [{ role: 'system', content: text }]
}

const isSaid = (value: unknown): boolean => value !== undefined && value !== null

function same(body: Json): Json {
  const taken: Json = {}
  for (const field of SAME) if (isSaid(body[field])) taken[field] = body[field]
  return taken
}

function formOf(text: unknown): Json {
  if (!isRecord(text)) return {}
  const { format, verbosity } = text
  const said = filled(verbosity) === undefined ? {} : { verbosity }
  if (!isRecord(format)) return said
  if (format['type'] === 'json_object') return { ...said, response_format: { type: 'json_object' } }
  if (format['type'] !== 'json_schema') return said
  const { type, ...schema } = format
  return { ...said, response_format: { type, json_schema: schema } }
}

function asksLogprobs(include: unknown): boolean {
  return Array.isArray(include) && include.includes('message.output_text.logprobs')
}

function reasoningOf(reasoning: unknown): Json {
  const effort = isRecord(reasoning) ? filled(reasoning['effort']) : undefined
  return effort === undefined ? {} : { reasoning_effort: effort }
}

function heldElsewhere(field: string | undefined, messages: readonly Json[]): string | undefined {
  if (field !== undefined) return `${field} names what is kept elsewhere`
  return messages.length === 0 ? 'input holds only what is read' : undefined
}

const NO_WORDS = [{ role: 'user', content: '' }]

/** Names of a chat body's fields in this API. */
const NAMES = {
  max_completion_tokens: 'max_output_tokens',
  messages: 'input',
  tool_call_id: 'call_id',
  'response_format.json_schema': 'text.format',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
}

function chatRequest(body: Json): ChatRequest {
  try {
    const fault = checkChatRequest(body)
    if (fault) throw fault
    return parseChatRequest(body)
  } catch (fault) {
    throw inOwnWords(fault, NAMES)
  }
}
