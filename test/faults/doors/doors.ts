/** Each API that clients speak: how it is asked, what is heard of its answer, and how it tells what went wrong. */
import { expect } from 'vitest'

export interface Heard {
  status: number
  headers: Headers
  /** As it came. */
  raw: string
  text: string
  /** How often the answer was said to be over. */
  ends: number
  /** Errors inside a stream. */
  errors: unknown[]
}

type Json = Record<string, unknown>

export interface Door {
  path(model: string, stream: boolean): string
  body(model: string, stream: boolean): Json
  /** Answers can be streamed. */
  streams: boolean
  /** What an event says, or a whole body. */
  take(heard: Heard, value: never): void
  /** The API's own status of a fault; the fault's where it has none. */
  status?(status: number): number
  /** What an HTTP error must be. */
  refusal(status: number): unknown
  /** What an error in a stream must be. */
  streamError: unknown
  /** What keeps a stream alive while nothing comes. */
  pulse: RegExp
  /** What only this API knows, and another wire has no place for. */
  loss?: Json
}

const QUESTION = 'How is the weather?'
const TEXT = { message: expect.any(String) }

/** Where keys were asked, it says of each why it refused. */
const openaiError = (): unknown => ({
  error: expect.objectContaining({
    message: expect.any(String),
    type: expect.stringMatching(/_error$|_quota$/),
    param: anything(),
    code: anything(),
  }),
})
/** It is there, if only as null. */
const anything = (): unknown => expect.toSatisfy((value) => value === null || typeof value === 'string')

interface Chunk {
  error?: Json
  choices?: {
    text?: string
    message?: { content?: string | null }
    delta?: { content?: string | null }
    finish_reason?: string | null
  }[]
}

const openaiTake = (heard: Heard, { error, choices = [] }: Chunk): void => {
  if (error) heard.errors.push({ error })
  for (const { text, message, delta, finish_reason: finish } of choices) {
    heard.text += text ?? message?.content ?? delta?.content ?? ''
    if (finish) heard.ends++
  }
}

const ANTHROPIC_TYPES: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}
const anthropicType = (status: number): string =>
  ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')

const GOOGLE_WORDS: Record<number, string> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

interface Line {
  error?: string
  message?: { content: string }
  response?: string
  done?: boolean
}

const ollamaTake = (heard: Heard, { error, message, response, done }: Line): void => {
  if (error !== undefined) heard.errors.push({ error })
  heard.text += message?.content ?? response ?? ''
  if (done) heard.ends++
}
const ollamaRefusal = (): unknown => ({ error: expect.any(String) })

export const DOORS: Record<string, Door> = {
  chat: {
    path: () => '/v1/chat/completions',
    body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: QUESTION }] }),
    streams: true,
    take: openaiTake,
    refusal: openaiError,
    streamError: openaiError(),
    pulse: /^: keep-alive$/m,
  },
  completions: {
    path: () => '/v1/completions',
    body: (model, stream) => ({ model, stream, prompt: QUESTION }),
    streams: true,
    take: openaiTake,
    refusal: openaiError,
    streamError: openaiError(),
    pulse: /^: keep-alive$/m,
    loss: { suffix: 'after' },
  },
  messages: {
    path: () => '/v1/messages',
    body: (model, stream) => ({ model, stream, max_tokens: 50, messages: [{ role: 'user', content: QUESTION }] }),
    streams: true,
    take(heard, { type, error, content = [], delta, stop_reason: stop }: Message) {
      if (type === 'error') heard.errors.push({ type, error })
      for (const block of content) heard.text += block.text ?? ''
      heard.text += delta?.text ?? ''
      if (stop ?? delta?.stop_reason) heard.ends++
    },
    // whoever is overloaded has one status there
    status: (status) => (status === 503 ? 529 : status),
    refusal: (status) => ({
      type: 'error',
      error: { type: anthropicType(status), message: expect.any(String) },
      request_id: expect.stringMatching(/^req_/),
    }),
    streamError: { type: 'error', error: { type: expect.stringMatching(/_error$/), message: expect.any(String) } },
    pulse: /^event: ping$/m,
    loss: { brand_new: { a: 1 } },
  },
  responses: {
    path: () => '/v1/responses',
    body: (model, stream) => ({ model, stream, input: QUESTION, store: false }),
    streams: true,
    take(heard, { type, object, status, output = [], delta, response, error }: Response) {
      if (type === 'response.failed' || type === 'error') heard.errors.push({ type, error: response?.error ?? error })
      if (type === 'response.output_text.delta') heard.text += String(delta)
      for (const item of output) for (const part of item.content ?? []) heard.text += part.text ?? ''
      if (type === 'response.completed' || (object === 'response' && status === 'completed')) heard.ends++
    },
    refusal: openaiError,
    streamError: { type: 'response.failed', error: { code: expect.any(String), message: expect.any(String) } },
    pulse: /^: keep-alive$/m,
    loss: { truncation: 'auto', brand_new: [1] },
  },
  generateContent: {
    path: (model, stream) => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: QUESTION }] }] }),
    streams: true,
    take(heard, { error, candidates = [] }: Content) {
      if (error) heard.errors.push({ error })
      for (const { content, finishReason } of candidates) {
        for (const { text = '' } of content?.parts ?? []) heard.text += text
        if (finishReason) heard.ends++
      }
    },
    refusal: (status) => ({
      error: expect.objectContaining({
        code: status,
        status: GOOGLE_WORDS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'),
        ...TEXT,
      }),
    }),
    streamError: { error: expect.objectContaining({ code: expect.any(Number), status: expect.any(String), ...TEXT }) },
    pulse: /^$/m,
    loss: { generationConfig: { brandNew: 'x' }, labels: { a: 'b' } },
  },
  'ollama chat': {
    path: () => '/api/chat',
    body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: QUESTION }] }),
    streams: true,
    take: ollamaTake,
    refusal: ollamaRefusal,
    streamError: ollamaRefusal(),
    pulse: /^\{.*"content":"".*"done":false\}$/m,
    loss: { options: { brand_new: 1 }, newer: true },
  },
  'ollama generate': {
    path: () => '/api/generate',
    body: (model, stream) => ({ model, stream, prompt: QUESTION }),
    streams: true,
    take: ollamaTake,
    refusal: ollamaRefusal,
    streamError: ollamaRefusal(),
    pulse: /^\{.*"response":"".*"done":false\}$/m,
    loss: { options: { brand_new: 1 }, newer: true },
  },
  embeddings: {
    path: () => '/v1/embeddings',
    body: (model) => ({ model, input: QUESTION }),
    streams: false,
    take: vectorsTake,
    refusal: openaiError,
    streamError: undefined,
    pulse: /$^/,
  },
  'ollama embed': {
    path: () => '/api/embed',
    body: (model) => ({ model, input: QUESTION }),
    streams: false,
    take: vectorsTake,
    refusal: ollamaRefusal,
    streamError: undefined,
    pulse: /$^/,
    loss: { truncate: true },
  },
}

interface Message {
  type?: string
  error?: Json
  content?: { text?: string }[]
  delta?: { text?: string; stop_reason?: string | null }
  stop_reason?: string | null
}

interface Response {
  type?: string
  object?: string
  status?: string
  output?: { content?: { text?: string }[] }[]
  delta?: unknown
  response?: { error?: Json }
  error?: Json | null
}

interface Content {
  error?: Json
  candidates?: { content?: { parts?: { text?: string }[] }; finishReason?: string }[]
}

/** A vector counts as the answer that it stands for. */
function vectorsTake(
  heard: Heard,
  { data, embeddings }: { data?: { embedding: unknown }[]; embeddings?: unknown[] },
): void {
  const vectors = data?.map(({ embedding }) => embedding) ?? embeddings ?? []
  if (vectors.length === 0) return
  heard.text += JSON.stringify(vectors)
  heard.ends++
}

export const VECTORS = '[[0.5,0.25]]'

/** Asks and hears to the end; a stream that breaks off before it is heard as far as it came. */
export async function hear(
  url: string,
  door: Door,
  model: string,
  stream: boolean,
  { headers = {}, more = {}, signal }: { headers?: Record<string, string>; more?: Json; signal?: AbortSignal } = {},
): Promise<Heard> {
  const response = await fetch(url + door.path(model, stream), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...door.body(model, stream), ...more }),
    ...(signal && { signal }),
  })
  const heard: Heard = {
    status: response.status,
    headers: response.headers,
    raw: await response.text(),
    text: '',
    ends: 0,
    errors: [],
  }
  const isStream = /event-stream|ndjson/.test(response.headers.get('content-type') ?? '')
  for (const value of isStream ? events(heard.raw) : [JSON.parse(heard.raw)])
    if (response.status < 400) door.take(heard, value as never)
  return heard
}

export function events(raw: string): unknown[] {
  return raw
    .split('\n')
    .map((line) => line.trim().replace(/^data: /, ''))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as unknown)
}
