/** The names that a request template may use, their shapes, and how each is read from the request. */
import { OPTION_FIELDS, type ChatRequest } from '../chat/request.ts'
import { ANYTHING, type Shape } from '../definition/scope.ts'
import type { Target } from './contract.ts'

const map = (...keys: string[]): Shape => ({ keys: Object.fromEntries(keys.map((key) => [key, ANYTHING])) })

const PART = map(
  'type',
  'text',
  'url',
  'media_type',
  'data',
  'detail',
  'format',
  'filename',
  'file_id',
  'cache_control',
)
const TOOL_CALL = map('id', 'name', 'arguments', 'signature')
const REASONING = map('text', 'signature', 'data')
const MESSAGE: Shape = {
  keys: {
    ...map('role', 'text', 'tool_call_id', 'name', 'refusal', 'signature', 'wire').keys,
    content: { item: PART },
    tool_calls: { item: TOOL_CALL },
    reasoning: { item: REASONING },
  },
}

/** Fields of the normal form. */
const CANONICAL: Record<string, Shape> = {
  messages: { item: MESSAGE },
  tools: { item: map('name', 'description', 'parameters', 'strict', 'cache_control') },
  vendor_tools: ANYTHING,
  tool_choice: ANYTHING,
  parallel_tool_calls: ANYTHING,
  max_tokens: ANYTHING,
  temperature: ANYTHING,
  top_p: ANYTHING,
  stop: ANYTHING,
  seed: ANYTHING,
  n: ANYTHING,
  presence_penalty: ANYTHING,
  frequency_penalty: ANYTHING,
  logit_bias: ANYTHING,
  logprobs: ANYTHING,
  top_logprobs: ANYTHING,
  user: ANYTHING,
  response_format: map('type', 'name', 'description', 'schema', 'strict'),
  reasoning_effort: ANYTHING,
  verbosity: ANYTHING,
  service_tier: ANYTHING,
  stream: ANYTHING,
  include_usage: ANYTHING,
  extra: ANYTHING,
  body: ANYTHING,
}

const OPTION_NAMES: readonly string[] = OPTION_FIELDS

export interface FieldContext {
  request: ChatRequest
  target: Target
  traits: Record<string, unknown>
}

const OWN: Record<string, (context: FieldContext) => unknown> = {
  model: ({ target }) => target.model,
  /** An empty secret is none: a local server that wants no key gets no header. */
  key: ({ target }) => (target.secret === '' ? undefined : target.secret),
  traits: ({ traits }) => traits,
}

export const REQUEST_SHAPES: Record<string, Shape> = {
  ...CANONICAL,
  ...Object.fromEntries(OPTION_NAMES.map((name) => [name, ANYTHING])),
  model: ANYTHING,
  key: ANYTHING,
  traits: ANYTHING,
}

/** How a name of REQUEST_SHAPES is read. */
export function fieldReader(name: string): (context: FieldContext) => unknown {
  const own = OWN[name]
  if (own) return own
  if (OPTION_NAMES.includes(name)) return ({ request }) => request.options[name]
  const field = name as keyof ChatRequest
  return ({ request }) => request[field]
}

/** What a client may set and a vendor may not know: the value that changes nothing, so that leaving it out is no loss. */
const NEUTRAL: Record<string, unknown> = {
  n: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  top_logprobs: 0,
  parallel_tool_calls: true,
  service_tier: 'auto',
  store: false,
  verbosity: 'medium',
  tool_choice: 'auto',
}

const NEVER_WATCHED = new Set([
  'messages',
  'model',
  'key',
  'traits',
  'stream',
  'include_usage',
  'body',
  'extra',
  'tool_choice',
])

/** Names whose loss a client must hear of. */
export const WATCHED = Object.keys(REQUEST_SHAPES).filter((name) => !NEVER_WATCHED.has(name))

export function isNeutral(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Object.hasOwn(NEUTRAL, name)) return NEUTRAL[name] === value
  return typeof value === 'object' && Object.keys(value).length === 0
}
