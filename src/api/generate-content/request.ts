/** The body of a generateContent request as OpenAI's chat body, of which the normal form is made. */
import type { FastifyRequest } from 'fastify'
import type { ChatRequest } from '../../chat/request.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/record.ts'
import { nativeRequest } from '../inbound/native-request.ts'
import { camelKeys } from './request/camel-keys.ts'
import { toChatMessages } from './request/messages.ts'
import { toJsonSchema } from './request/schema.ts'
import { toChatTools } from './request/tools.ts'

type Map = Record<string, unknown>

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
  const chat = parseChatRequest({
    model,
    messages: toChatMessages(body, losses),
    ...without({
      max_tokens: config['maxOutputTokens'],
      temperature: config['temperature'],
      top_p: config['topP'],
      stop: config['stopSequences'],
      seed: config['seed'],
      presence_penalty: config['presencePenalty'],
      frequency_penalty: config['frequencyPenalty'],
      ...tools,
      response_format: formatOf(config),
      stream: streams ? true : undefined,
      stream_options: streams ? { include_usage: true } : undefined,
    }),
  })
  // a wish, which only upstreams that can think are to hear
  chat.reasoning_effort = effortOf(config['thinkingConfig'])
  for (const field of ['topK', 'candidateCount', 'responseLogprobs'] as const) {
    if (isSaid(config[field]) && config[field] !== 1)
      losses.push(`generationConfig.${field}: for an upstream of the same API, left out`)
  }
  for (const field of ['cachedContent', 'safetySettings'] as const) {
    if (isSaid(body[field])) losses.push(`${field}: for an upstream of the same API, left out`)
  }
  if (losses.length > 0) chat.losses = losses
  return chat
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
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
