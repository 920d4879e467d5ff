/** The body of a generateContent request as OpenAI's chat body, of which the normal form is made. */
import type { FastifyRequest } from 'fastify'
import type { ChatRequest, Message, Part } from '../../chat/request.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { nativeRequest } from '../inbound/native-request.ts'
import { topK } from '../../chat/top-k.ts'
import { inOwnWords } from '../inbound/own-words.ts'
import { invalid } from '../chat-completions/request/invalid.ts'
import { unreadFields } from '../inbound/unread-fields.ts'
import { camelKeys } from './request/camel-keys.ts'
import { toChatMessages } from './request/messages.ts'
import { toJsonSchema } from './request/schema.ts'
import { toChatTools } from './request/tools.ts'

type Map = Record<string, unknown>

/** Read here, or without meaning for an upstream of another API. */
const READ = new Set(['model', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig'])
const READ_OF_CONFIG = new Set([
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
])

export function readGenerateContent(request: FastifyRequest, model: string, streams: boolean): ChatRequest {
  const body = request.body as Map
  const inner = body['generateContentRequest'] ?? body['generate_content_request']
  const chat = toChat(isRecord(inner) ? inner : body, model, streams)
  chat.native = nativeRequest('generate-content', request)
  return chat
}

/** @param given keys in either spelling: `systemInstruction` or `system_instruction` */
export function toChat(given: Map, model: string, streams: boolean): ChatRequest {
  const body = camelKeys(given)
  const config = isRecord(body['generationConfig']) ? camelKeys(body['generationConfig']) : {}
  const losses: string[] = []
  const tools = toChatTools(body, losses)
  const { messages, failed } = toChatMessages(body, losses)
  const chat = chatRequest({
    model,
    // what holds nothing for another API is for an upstream of this one to judge
    messages: messages.length > 0 ? messages : NO_WORDS,
    ...without({
      max_tokens: numberOf(config, 'maxOutputTokens'),
      temperature: numberOf(config, 'temperature'),
      top_p: numberOf(config, 'topP'),
      stop: config['stopSequences'],
      seed: numberOf(config, 'seed'),
      presence_penalty: numberOf(config, 'presencePenalty'),
      frequency_penalty: numberOf(config, 'frequencyPenalty'),
      ...tools,
      response_format: formatOf(config),
      logprobs: config['responseLogprobs'] === true ? true : undefined,
      top_logprobs: config['responseLogprobs'] === true ? numberOf(config, 'logprobs') : undefined,
      stream: streams ? true : undefined,
      stream_options: streams ? { include_usage: true } : undefined,
    }),
  })
  for (const place of failed) (chat.messages[place] as Message).is_error = true
  chat.top_k = topK(numberOf(config, 'topK'))
  // a wish, which only upstreams that can think are to hear
  chat.reasoning_effort = effortOf(config['thinkingConfig'])
  const isText = String(config['responseModalities']).toUpperCase() === 'TEXT'
  const asked = {
    ...config,
    ...(config['candidateCount'] === 1 && { candidateCount: null }),
    ...(isText && { responseModalities: null }),
  }
  losses.push(...unreadFields(asked, READ_OF_CONFIG, 'generationConfig.'), ...unreadFields(body, READ))
  if (losses.length > 0) chat.losses = losses
  if (messages.length === 0) {
    if (losses.length === 0) throw invalid('contents must hold at least one part that is not empty.', 'contents')
    chat.needs_native = 'contents hold only what is read'
  }
  // it holds what the conversation is about
  if (filled(body['cachedContent']) !== undefined) chat.needs_native = 'cachedContent names what is kept elsewhere'
  if (chat.messages.some(({ content }) => content.some(isKept)))
    chat.prefers_native = 'contents hold a file by an address that is read where it is kept'
  return chat
}

/** By an address of the API's own, of a store that its vendor has, or of a video's page, of which it alone sees the video. */
function isKept(part: Part): boolean {
  if ('file_id' in part) return true
  return 'url' in part && (!/^https?:/i.test(part.url) || OWN_FILE.test(part.url) || VIDEO.test(part.url))
}

const VIDEO = /^https?:\/\/(?:[\w-]+\.)?(?:youtube\.com|youtu\.be)\//i
const OWN_FILE = /^https:\/\/generativelanguage\.googleapis\.com\/[^?#]*\bfiles\//i

const NO_WORDS = [{ role: 'user', content: '' }]

function chatRequest(body: Map): ChatRequest {
  try {
    return parseChatRequest(body)
  } catch (fault) {
    throw inOwnWords(fault, { messages: 'contents', tool_call_id: 'functionResponse.id' })
  }
}

/** This API takes numbers as texts, too. Throws a GatewayError for what is none. */
function numberOf(config: Map, field: string): unknown {
  const value = config[field]
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'bigint') return value
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (!Number.isNaN(number)) return number
  const path = `generationConfig.${field}`
  throw invalid(`Invalid value at '${path}': a number is expected.`, path, 'invalid_type')
}

function without(fields: Map): Map {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

function formatOf(config: Map): Map | undefined {
  const schema = config['responseJsonSchema'] ?? config['responseSchema']
  if (isRecord(schema)) return { type: 'json_schema', json_schema: { name: 'answer', schema: toJsonSchema(schema) } }
  return config['responseMimeType'] === 'application/json' ? { type: 'json_object' } : undefined
}

/** Tokens of thought up to which an effort is low, and medium. */
const LOW = 2048
const MEDIUM = 8192

function effortOf(given: unknown): string | undefined {
  if (!isRecord(given)) return undefined
  const thinking = camelKeys(given)
  const level = filled(thinking['thinkingLevel'])?.toLowerCase()
  if (level !== undefined && level !== 'thinking_level_unspecified') return level
  const budget = thinking['thinkingBudget']
  if (budget === 0) return 'none'
  if (typeof budget === 'number' && budget > 0) return budget <= LOW ? 'low' : budget <= MEDIUM ? 'medium' : 'high'
  return thinking['includeThoughts'] === true ? 'medium' : undefined
}
