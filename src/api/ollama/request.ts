/** The bodies of chat and generate as OpenAI's chat body, of which the normal form is made. */
import type { FastifyRequest } from 'fastify'
import type { ChatRequest } from '../../chat/request.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { fillBetween } from '../inbound/fill-between.ts'
import { nativeRequest } from '../inbound/native-request.ts'
import { topK } from '../../chat/top-k.ts'
import { inOwnWords } from '../inbound/own-words.ts'
import { unreadFields } from '../inbound/unread-fields.ts'
import { listOf, toChatMessages, withImages } from './request/messages.ts'
import { effortOf, toChatOptions, without } from './request/options.ts'

type Map = Record<string, unknown>

/** The client's API, as formats name it under `native`. */
const API = 'ollama'

/** Read here, or about how a server runs the model, which is no matter of another's. */
const READ = new Set(
  [
    ['model', 'messages', 'tools', 'format', 'options', 'stream', 'think', 'logprobs', 'top_logprobs'],
    ['keep_alive', 'truncate', 'shift'],
    ['prompt', 'suffix', 'system', 'template', 'context', 'raw', 'images'],
  ].flat(),
)

/** The body has passed the schema. Throws a GatewayError for what a schema cannot say. */
export function readChat(request: FastifyRequest, model: string): ChatRequest {
  const chat = toChat(request.body as Map, model)
  chat.native = nativeRequest(API, request)
  return chat
}

export function toChat(body: Map, model: string): ChatRequest {
  const losses: string[] = []
  const tools = listOf(body['tools']).map((tool) => ({ ...tool, type: filled(tool['type']) ?? 'function' }))
  const fields = {
    messages: toChatMessages(listOf(body['messages'])),
    ...toChatOptions(body, losses),
    ...(tools.length > 0 && { tools }),
  }
  return chatRequest(body, model, fields, losses)
}

/** An upstream of this API is asked by a chat, one that completes texts by a raw prompt or the text before a suffix. */
export function toGenerate(body: Map, model: string): ChatRequest {
  const losses: string[] = []
  const prompt = filled(body['prompt']) ?? ''
  const suffix = filled(body['suffix']) ?? ''
  const system = filled(body['system']) ?? ''
  const isText = body['raw'] === true || suffix !== ''
  if (suffix !== '') losses.push('suffix: a chat has no place for it, asked for in words')
  if (body['raw'] === true) losses.push('raw: a chat puts its own template around a prompt')
  for (const field of ['template', 'context'] as const)
    if (body[field] !== undefined && body[field] !== null && body[field] !== '')
      losses.push(`${field}: only a server that runs the model itself has a place for it, left out`)
  const options = toChatOptions(body, losses)
  const rules = system === '' ? [] : [{ role: 'system', content: system }]
  const question = suffix === '' ? prompt : fillBetween(prompt, suffix)
  const asked = { role: 'user', content: withImages(question, body) }
  const chat = chatRequest(body, model, { messages: [...rules, asked], ...options }, losses)
  if (isText) {
    const { messages: _, tools: __, response_format: ___, ...rest } = chat.body
    chat.native = { api: 'completions', body: { ...rest, prompt, ...(suffix !== '' && { suffix }) }, headers: {} }
  } else chat.native = { api: API, body: asChatBody(body, [...rules, own(prompt, body)]), headers: {} }
  return chat
}

function own(content: string, { images }: Map): Map {
  return { role: 'user', content, ...(images !== undefined && { images }) }
}

/** The same question to the chat of an upstream that speaks this API. */
function asChatBody(body: Map, messages: Map[]): Map {
  const rest = Object.entries(body).filter(([name]) => !OF_GENERATE.has(name))
  return { ...Object.fromEntries(rest), messages }
}

const OF_GENERATE = new Set(['prompt', 'suffix', 'system', 'template', 'context', 'raw', 'images'])

function chatRequest(body: Map, model: string, fields: Map, losses: string[]): ChatRequest {
  const streams = body['stream'] !== false
  try {
    const chat = parseChatRequest({
      model,
      ...fields,
      ...without({
        stream: streams ? true : undefined,
        stream_options: streams ? { include_usage: true } : undefined,
      }),
    })
    chat.top_k = topK(isRecord(body['options']) ? body['options']['top_k'] : undefined)
    chat.reasoning_effort = effortOf(body['think'])
    losses.push(...unreadFields(body, READ))
    if (losses.length > 0) chat.losses = losses
    return chat
  } catch (fault) {
    throw inOwnWords(fault, { response_format: 'format', stop: 'options.stop' })
  }
}
