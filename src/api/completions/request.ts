/** The body of a completions request as OpenAI's chat body: one user message that holds the prompt. */
import type { FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { checkNumbers, COMPLETIONS_BOUNDS } from '../chat-completions/request/schema/number-bounds.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { fillBetween } from '../inbound/fill-between.ts'
import { nativeRequest } from '../inbound/native-request.ts'

type Map = Record<string, unknown>

/** A text, or its tokens. */
type Prompt = string | number[]

export interface CompletionsCall {
  chat: ChatRequest
  prompts: Prompt[]
  /** The prompt stands before each answer. */
  echo: boolean
  /** Choices of each prompt. */
  n: number
}

/** Prompts of one request: more than any evaluation sends at once. */
const MOST_PROMPTS = 2048
/** Alternatives of each token that a chat wire tells. */
const MOST_LOGPROBS = 20
/** Fields of the body that are written anew for a chat, and those that it has no place for. */
const OWN = new Set(['prompt', 'suffix', 'echo', 'best_of', 'logprobs'])

/** Throws a GatewayError with the `param` at fault. Ranges that any upstream has are for it to judge. */
export function readCompletions(request: FastifyRequest): CompletionsCall {
  const { body } = request
  if (!isRecord(body)) throw invalid('The body is a JSON object.', null)
  if (filled(body['model']) === undefined) throw invalid('you must provide a model parameter', 'model')
  const outside = checkNumbers(body, COMPLETIONS_BOUNDS)
  if (outside) throw outside
  const prompts = readPrompts(body['prompt'])
  const losses: string[] = []
  const chat = asChat(body, prompts[0] ?? '', losses)
  chat.native = nativeRequest('completions', request)
  if (losses.length > 0) chat.losses = losses
  if (prompts.some((prompt) => typeof prompt !== 'string')) chat.needs_native = 'a prompt of tokens is read'
  else if (prompts.length > 1) {
    chat.needs_native = 'several prompts are answered at once'
    chat.in_parts = true
  }
  const n = body['n']
  return {
    chat,
    prompts,
    echo: body['echo'] === true,
    n: typeof n === 'number' && Number.isInteger(n) && n > 0 ? n : 1,
  }
}

/** The same request for one of its prompts, for a chat upstream. */
export function ofPrompt({ chat }: CompletionsCall, prompt: string): ChatRequest {
  const one: ChatRequest = { ...chat, messages: parseChatRequest({ messages: messagesOf(chat.body, prompt) }).messages }
  one.body = { ...chat.body, messages: messagesOf(chat.body, prompt) }
  one.needs_native = undefined
  one.in_parts = undefined
  one.native = undefined
  return one
}

function asChat(body: Map, prompt: Prompt, losses: string[]): ChatRequest {
  for (const field of ['max_tokens', 'temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty', 'seed'])
    isNumber(body[field], field)
  const { suffix } = body
  if (suffix !== undefined && suffix !== null && typeof suffix !== 'string')
    throw invalid("'suffix' is a text.", 'suffix')
  const logprobs = isNumber(body['logprobs'], 'logprobs')
  if (Number(body['best_of'] ?? 1) > 1) losses.push('best_of: a chat has no place for it, left out')
  if (filled(suffix) !== undefined) losses.push('suffix: a chat has no place for it, asked for in words')
  const rest = Object.fromEntries(
    Object.entries(body).filter(([field, value]) => !OWN.has(field) && value !== null && value !== undefined),
  )
  const stop = readStop(body['stop'])
  return parseChatRequest({
    ...rest,
    // texts of tokens are only counted here
    messages: messagesOf({ suffix }, typeof prompt === 'string' ? prompt : 'word '.repeat(prompt.length)),
    ...(stop !== undefined && { stop }),
    ...(logprobs !== undefined && { logprobs: true, top_logprobs: Math.min(Math.max(logprobs, 0), MOST_LOGPROBS) }),
  })
}

function messagesOf({ suffix }: Map, prompt: string): Map[] {
  const content = filled(suffix) === undefined ? prompt : fillBetween(prompt, String(suffix))
  return [{ role: 'user', content }]
}

/** A text, texts, tokens, or lists of tokens. */
function readPrompts(prompt: unknown): Prompt[] {
  if (prompt === undefined || prompt === null) return ['']
  const list = Array.isArray(prompt) && !(prompt.length > 0 && prompt.every(isToken)) ? (prompt as unknown[]) : [prompt]
  if (list.length === 0 || list.length > MOST_PROMPTS)
    throw invalid(`'prompt' holds 1 to ${MOST_PROMPTS} prompts; this one has ${list.length}.`, 'prompt')
  list.forEach((each, i) => {
    if (typeof each === 'string' || (Array.isArray(each) && each.length > 0 && each.every(isToken))) return
    throw invalid(`${Array.isArray(prompt) ? `'prompt[${i}]'` : "'prompt'"} is a text, or a list of tokens.`, 'prompt')
  })
  return list as Prompt[]
}

function readStop(stop: unknown): unknown {
  if (stop === undefined || stop === null) return undefined
  if (typeof stop === 'string' || (Array.isArray(stop) && stop.every((each) => typeof each === 'string'))) return stop
  throw invalid("'stop' is a text, or a list of texts.", 'stop')
}

function isNumber(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') throw invalid(`'${field}' is a number.`, field)
  return Number(value)
}

function isToken(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function invalid(message: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', message, param === null ? {} : { param })
}
