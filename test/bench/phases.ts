/** What is measured: the kinds of work that a gateway does, each as a request of a client. */
import { bodyOf, type BodyKind } from './bodies.ts'
import type { Target } from './load.ts'
import type { Candidate } from './measure.ts'

export interface Phase {
  name: string
  /** The provider of the gateway's configuration, which decides the wire. */
  provider: 'openai' | 'anthropic' | 'gemini' | 'responses'
  /** The API that the client speaks; chat completions when absent. */
  door?: 'messages' | 'responses'
  /** How the fake upstream answers. */
  model: string
  /** What one unit of the result is. */
  unit: 'request' | 'chunk'
  /** Pieces of text in one answer; 1 for JSON. */
  chunks: number
  /** Bytes of the prompt, about. */
  prompt: number
  /** What the prompt is like; the same words again and again when absent. */
  kind?: BodyKind
  /** Is each request another conversation? Otherwise all but the end of it came before. */
  isNew?: boolean
  connections: number
  /** Each connection sends one request only: the pace sets how long a round takes. */
  paced: boolean
  /** Requests a second that each is offered, the highest first; who cannot carry one gets the next. */
  rates?: readonly number[]
}

const json = {
  model: 'bench-json',
  unit: 'request',
  chunks: 1,
  prompt: 60,
  connections: 32,
  paced: false,
  rates: [4000, 2000, 1000, 500],
} as const
/** A long context. */
const long = { prompt: 200_000, connections: 16, rates: [400, 200, 100, 50] } as const
const tools = { kind: 'tools', prompt: 60, rates: [2000, 1000, 500, 200] } as const
const agent = { kind: 'agent', prompt: 40_000, rates: [1000, 500, 200, 100] } as const
const conversation = { ...long, kind: 'conversation' } as const
const megabyte = { kind: 'conversation', prompt: 1_000_000, connections: 8, rates: [80, 40, 20, 10] } as const
/** As many as it takes over 64 connections. */
const closed = { connections: 64, rates: undefined } as const
const paced = {
  // as long as a usual answer, so that a chunk's cost is not its request's
  model: 'bench-paced-150-10',
  unit: 'chunk',
  chunks: 150,
  prompt: 60,
  connections: 75,
  paced: true,
} as const
const max = { model: 'bench-max-400', unit: 'chunk', chunks: 400, prompt: 60, connections: 32, paced: false } as const

export const PHASES: readonly Phase[] = [
  { name: 'OpenAI JSON 1 kB', provider: 'openai', ...json },
  { name: 'OpenAI JSON, 200 kB prompt', provider: 'openai', ...json, ...long },
  { name: 'OpenAI JSON 1 kB, closed loop', provider: 'openai', ...json, ...closed },
  { name: 'OpenAI JSON, 5 kB with 6 tools', provider: 'openai', ...json, ...tools },
  { name: 'OpenAI JSON, 50 kB of calls and results', provider: 'openai', ...json, ...agent },
  { name: 'OpenAI JSON, 200 kB conversation with code', provider: 'openai', ...json, ...conversation },
  { name: 'OpenAI JSON, 1 MB conversation with code', provider: 'openai', ...json, ...megabyte },
  { name: 'OpenAI JSON, 50 kB of calls and results, first time', provider: 'openai', ...json, ...agent, isNew: true },
  {
    name: 'OpenAI JSON, 200 kB conversation with code, first time',
    provider: 'openai',
    ...json,
    ...conversation,
    isNew: true,
  },
  {
    name: 'OpenAI JSON, 1 MB conversation with code, first time',
    provider: 'openai',
    ...json,
    ...megabyte,
    isNew: true,
  },
  { name: 'OpenAI stream, paced', provider: 'openai', ...paced },
  { name: 'OpenAI stream, max', provider: 'openai', ...max },
  { name: 'Anthropic JSON 1 kB', provider: 'anthropic', ...json },
  { name: 'Anthropic JSON, 5 kB with 6 tools', provider: 'anthropic', ...json, ...tools },
  { name: 'Anthropic JSON, 50 kB of calls and results', provider: 'anthropic', ...json, ...agent },
  { name: 'Anthropic stream, paced', provider: 'anthropic', ...paced },
  { name: 'Anthropic stream, max', provider: 'anthropic', ...max },
  { name: 'Gemini JSON 1 kB', provider: 'gemini', ...json },
  { name: 'Gemini stream, paced', provider: 'gemini', ...paced },
  { name: 'Gemini stream, max', provider: 'gemini', ...max },
  // a client of the upstream's own API, and one of another
  { name: 'Messages → Anthropic JSON 1 kB', door: 'messages', provider: 'anthropic', ...json },
  { name: 'Messages → Anthropic stream, paced', door: 'messages', provider: 'anthropic', ...paced },
  { name: 'Responses → Responses JSON 1 kB', door: 'responses', provider: 'responses', ...json },
  { name: 'Responses → Responses stream, paced', door: 'responses', provider: 'responses', ...paced },
  { name: 'Messages → OpenAI JSON 1 kB', door: 'messages', provider: 'openai', ...json },
  { name: 'Messages → OpenAI stream, paced', door: 'messages', provider: 'openai', ...paced },
  { name: 'Responses → Anthropic JSON 1 kB', door: 'responses', provider: 'anthropic', ...json },
  { name: 'Responses → Anthropic stream, paced', door: 'responses', provider: 'anthropic', ...paced },
]

/** The vendor's own path, for a relay that passes bytes as they are. */
const PATHS = {
  openai: () => '/v1/chat/completions',
  anthropic: () => '/v1/messages',
  responses: () => '/v1/responses',
  gemini: (model: string, stream: boolean) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
}

/** Streams that stay open after their first chunk. */
export const HELD = { provider: 'openai', model: 'bench-hold', prompt: 60 } as const

export const isStream = ({ model }: Pick<Phase, 'model'>): boolean => model !== 'bench-json'

/** What a client of the gateway sends; the relay gets the same body on the vendor's path. */
export function targetOf(
  phase: Pick<Phase, 'provider' | 'door' | 'model' | 'prompt' | 'kind' | 'isNew'>,
  port: number,
  { bare, model, headers }: Pick<Candidate, 'bare' | 'model' | 'headers'>,
): Target {
  const stream = isStream(phase)
  const body = {
    model: model ? model(phase) : `${phase.provider}/${phase.model}`,
    ...bodyFor(phase),
    ...(stream ? { stream } : {}),
  }
  const path = bare ? PATHS[phase.provider](phase.model, stream) : DOORS[phase.door ?? 'chat']
  return { port, path, headers: headers?.(phase), body: Buffer.from(JSON.stringify(body)) }
}

const DOORS = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' }

/** In the words of the client's API: doors are asked by one message of text. */
function bodyFor({
  door,
  kind = 'prose',
  prompt,
  isNew,
}: Pick<Phase, 'door' | 'kind' | 'prompt' | 'isNew'>): Record<string, unknown> {
  const body = bodyOf(kind, prompt, isNew)
  if (door === 'messages') return { ...body, max_tokens: 1000 }
  return door === 'responses' ? { input: body['messages'], store: false } : body
}

/** Each provider is the fake upstream, in its own wire; `keys` of them for OpenAI's. */
export function configuration(upstream: number, keys = 2): unknown {
  const root = `http://127.0.0.1:${upstream}`
  return {
    providers: {
      openai: {
        format: 'openai',
        base_url: `${root}/v1`,
        keys: Array.from({ length: keys }, (_, index) => `openai-key-${index + 1}`),
      },
      anthropic: { format: 'anthropic', base_url: root, keys: ['key-3', 'key-4'] },
      gemini: { format: 'gemini', base_url: root, keys: ['key-5', 'key-6'] },
      responses: { format: 'openai-responses', base_url: `${root}/v1`, keys: ['key-7', 'key-8'] },
    },
    models: { bench: ['openai/bench-json'] },
    server: { api_keys: ['bench'] },
  }
}
