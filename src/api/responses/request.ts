/** A Responses request as OpenAI's chat body, and from there as the normal form. */
import type { ChatRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import { checkChatRequest } from '../chat-completions/request/schema/schema.ts'
import { invalid } from '../chat-completions/request/invalid.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/record.ts'
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

/** Read elsewhere, or without meaning for an upstream of another wire. */
const OTHER = new Set([
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
])

/**
 * Throws a GatewayError with the `param` at fault.
 * @param history items of the responses before, as this server keeps them
 */
export function readResponsesRequest(body: Json, history: readonly unknown[]): ResponsesRequest {
  const items = itemsOf(body['input'])
  if (items.length === 0 && history.length === 0) throw invalid('input must hold a text or at least one item.', 'input')
  if (body['background'] === true)
    throw new GatewayError(
      'unsupported',
      'This server runs no background responses: leave background out, and stream.',
      {
        param: 'background',
      },
    )
  const conversation = readConversation([...history, ...items])
  const declared = Array.isArray(body['tools']) ? body['tools'] : []
  const read = readTools([...declared, ...conversation.tools], body['tool_choice'])
  const messages = [...instructions(body['instructions']), ...conversation.messages]
  const chatBody: Json = { ...same(body), messages, ...formOf(body['text']), ...reasoningOf(body['reasoning']) }
  if (read.tools.length > 0) {
    chatBody['tools'] = read.tools
    if (read.choice !== undefined && read.choice !== null) chatBody['tool_choice'] = read.choice
  } else delete chatBody['parallel_tool_calls']
  if (typeof body['max_output_tokens'] === 'number' || typeof body['max_output_tokens'] === 'bigint')
    chatBody['max_completion_tokens'] = body['max_output_tokens']
  if (chatBody['top_logprobs'] !== undefined) chatBody['logprobs'] = true
  if (body['stream'] === true) Object.assign(chatBody, { stream: true, stream_options: { include_usage: true } })
  const fault = checkChatRequest(chatBody)
  if (fault) throw asResponsesFault(fault)
  const chat = parseChatRequest(chatBody)
  const leftOut = [
    ...conversation.leftOut,
    ...read.hosted.map((type) => `the tool ${type}`),
    ...Object.keys(body).filter((field) => !OTHER.has(field) && !isSame(field) && isSaid(body[field])),
  ]
  if (leftOut.length > 0)
    chat.losses = [...new Set(leftOut)].map((what) => `${what} left out: for an upstream of the same API`)
  const insists = read.insists ?? conversation.insists
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

const isSame = (field: string): boolean => (SAME as readonly string[]).includes(field)
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

function reasoningOf(reasoning: unknown): Json {
  const effort = isRecord(reasoning) ? filled(reasoning['effort']) : undefined
  return effort === undefined ? {} : { reasoning_effort: effort }
}

/** The fields of a chat body have other names in this API. */
function asResponsesFault(fault: GatewayError): GatewayError {
  const rename = (text: string): string =>
    text.replaceAll('max_completion_tokens', 'max_output_tokens').replaceAll(/\bmessages\b/g, 'input')
  const { kind, status, type, code, param } = fault
  return new GatewayError(kind, rename(fault.message), { status, type, code, param: param && rename(param) })
}
