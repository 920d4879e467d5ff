/** The body of a message request as OpenAI's chat body, of which the normal form is made. */
import type { FastifyRequest } from 'fastify'
import type { ChatRequest, Message } from '../../chat/request.ts'
import { invalid } from '../chat-completions/request/invalid.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { nativeRequest } from '../inbound/native-request.ts'
import { topK } from '../../chat/top-k.ts'
import { inOwnWords } from '../inbound/own-words.ts'
import { unreadFields } from '../inbound/unread-fields.ts'
import { toChatMessages } from './request/messages.ts'
import { toChatTools } from './request/tools.ts'

type Map = Record<string, unknown>

/** Of the client's headers, those that upstreams of this API are to hear. */
const HEADERS = ['anthropic-beta', 'anthropic-version']

/** Read here, or without meaning for an upstream of another API. */
const READ = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'output_config',
  'output_format',
  'thinking',
  'stream',
  'metadata',
  'mcp_servers',
  'cache_control', // others keep their caches by themselves
])

/** The body has passed the schema. Throws a GatewayError for what a schema cannot say. */
export function readMessages(request: FastifyRequest): ChatRequest {
  const chat = toChat(request.body as Map)
  chat.native = nativeRequest('messages', request, HEADERS)
  return chat
}

export function toChat(body: Map): ChatRequest {
  const losses: string[] = []
  const { messages, tools: added, failed } = toChatMessages(body, losses)
  const { tools, choice, parallel, needs } = toChatTools(body, added, losses)
  const streams = body['stream'] === true
  const chat = chatRequest({
    model: body['model'],
    // what holds nothing for another API is for an upstream of this one to judge
    messages: messages.length > 0 ? messages : NO_WORDS,
    ...given({
      max_tokens: body['max_tokens'],
      temperature: body['temperature'],
      top_p: body['top_p'],
      stop: body['stop_sequences'],
      tools: tools.length > 0 ? tools : undefined,
      tool_choice: tools.length > 0 ? choice : undefined,
      parallel_tool_calls: tools.length > 0 ? parallel : undefined,
      response_format: formatOf(body['output_config'] ?? body) ?? formatOf({ format: body['output_format'] }),
      stream: streams ? true : undefined,
      stream_options: streams ? { include_usage: true } : undefined,
    }),
  })
  // one that comes again says so each time
  for (const place of failed) (chat.messages[place] as Message).is_error = true
  chat.top_k = topK(body['top_k'])
  // a wish, which only upstreams that can think are to hear
  chat.reasoning_effort = effortOf(body)
  const user = isRecord(body['metadata']) ? filled(body['metadata']['user_id']) : undefined
  if (user !== undefined && user.length <= LONGEST_USER) chat.user = user
  if (Array.isArray(body['mcp_servers']) && body['mcp_servers'].length > 0)
    losses.push('mcp_servers: only an upstream of the same API connects to them, left out')
  losses.push(...unreadFields(body['service_tier'] === 'auto' ? { ...body, service_tier: null } : body, READ))
  if (losses.length > 0) chat.losses = losses
  const insists = needs ?? keptElsewhere(chat.messages)
  if (insists !== undefined) chat.needs_native = insists
  else if (messages.length === 0) {
    if (losses.length === 0) throw invalid('messages: at least one must have content that is not empty.', 'messages')
    chat.needs_native = 'messages hold only what is read'
  }
  return chat
}

/** A file by its id lies at a vendor, and it alone reads it. */
function keptElsewhere(messages: readonly Message[]): string | undefined {
  const holds = messages.some(({ content }) => content.some((part) => 'file_id' in part))
  return holds ? 'messages hold a file by its id, which is read where it is kept' : undefined
}

const NO_WORDS = [{ role: 'user', content: '' }]

function chatRequest(body: Map): ChatRequest {
  try {
    return parseChatRequest(body)
  } catch (fault) {
    throw inOwnWords(fault, { tool_call_id: 'tool_use_id', response_format: 'output_config.format' })
  }
}

/** Characters that others take for a user's name. */
const LONGEST_USER = 64

function given(fields: Map): Map {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

function formatOf(config: unknown): Map | undefined {
  const format = isRecord(config) ? config['format'] : undefined
  if (!isRecord(format) || format['type'] !== 'json_schema' || !isRecord(format['schema'])) return undefined
  return { type: 'json_schema', json_schema: { name: filled(format['name']) ?? 'answer', schema: format['schema'] } }
}

/** Tokens of thought up to which an effort is low, and medium. */
const LOW = 2048
const MEDIUM = 8192

/** `output_config.effort`, else what the budget of thoughts amounts to; `max` is more than others know. */
function effortOf(body: Map): string | undefined {
  const { thinking, output_config: config } = body
  const effort = isRecord(config) ? filled(config['effort']) : undefined
  if (!isRecord(thinking) || thinking['type'] === 'disabled') return undefined
  if (effort !== undefined) return effort === 'max' ? 'xhigh' : effort
  const budget = thinking['budget_tokens']
  if (typeof budget !== 'number') return 'medium'
  return budget <= LOW ? 'low' : budget <= MEDIUM ? 'medium' : 'high'
}
