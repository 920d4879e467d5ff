/** The names that a request template may use, their shapes, and how each is read from the request. */
import { OPTION_FIELDS, type ChatRequest } from '../../chat/request.ts'
import { NOTHING } from '../../definition/constant-folding.ts'
import { ANYTHING, type Frame, type Shape, type Known } from '../../definition/scope.ts'
import type { Target } from '../types.ts'

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
    ...map('role', 'text', 'tool_call_id', 'name', 'is_error', 'refusal', 'late', 'signature', 'wire').keys,
    content: { item: PART },
    tool_calls: { item: TOOL_CALL },
    reasoning: { item: REASONING },
  },
}

/** Fields of the normal form. */
const CANONICAL: Record<string, Shape> = {
  messages: { item: MESSAGE },
  tools: { item: map('name', 'description', 'parameters', 'strict', 'cache_control', 'hints') },
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
  top_k: ANYTHING,
  stream: ANYTHING,
  include_usage: ANYTHING,
  extra: ANYTHING,
  body: ANYTHING,
}

const OPTION_NAMES: readonly string[] = OPTION_FIELDS

export const REQUEST_SHAPES: Record<string, Shape> = {
  ...CANONICAL,
  ...Object.fromEntries(OPTION_NAMES.map((name) => [name, ANYTHING])),
  model: ANYTHING,
  key: ANYTHING,
  traits: ANYTHING,
  max_output: ANYTHING,
}

/** A field of the request, by a name that a client knows. */
export function fieldOf(request: ChatRequest, name: string): unknown {
  return OPTION_NAMES.includes(name) ? request.options[name] : request[name as keyof ChatRequest]
}

const CANONICAL_NAMES = Object.keys(CANONICAL)
/** Of a shape, behind the bits of the canonical fields, each at its slot's: some option is there, and the key is. */
const OPTIONS_BIT = 1 << CANONICAL_NAMES.length
const KEY_BIT = OPTIONS_BIT << 1
/** Fields that are always there, and of which nothing can be known. */
const NEVER_KNOWN = new Set(['messages', 'body'])
const FLAGS = new Set(['stream', 'include_usage'])
const EMPTY: Known = { value: {} }

/**
 * Puts every field into the slot that REQUEST_SHAPES gives it, one after the other: a loop that reads by name costs five times
 * as much.
 * @returns the shape of the request: a bit for each field that is there, for each flag that is set
 */
export function fillFrame(frame: Frame, request: ChatRequest, target: Target, traits: unknown): number {
  const { options, extra } = request
  frame[0] = request.messages
  frame[1] = request.tools
  frame[2] = request.vendor_tools
  frame[3] = request.tool_choice
  frame[4] = request.parallel_tool_calls
  frame[5] = request.max_tokens
  frame[6] = request.temperature
  frame[7] = request.top_p
  frame[8] = request.stop
  frame[9] = request.seed
  frame[10] = request.n
  frame[11] = request.presence_penalty
  frame[12] = request.frequency_penalty
  frame[13] = request.logit_bias
  frame[14] = request.logprobs
  frame[15] = request.top_logprobs
  frame[16] = request.user
  frame[17] = request.response_format
  frame[18] = request.reasoning_effort
  frame[19] = request.verbosity
  frame[20] = request.service_tier
  frame[21] = request.top_k
  let shape = 0
  for (let slot = 1; slot <= 21; slot++) {
    const value = frame[slot]
    if (value === null) frame[slot] = undefined
    else if (value !== undefined) shape |= 1 << slot
  }
  frame[22] = request.stream
  if (request.stream) shape |= 1 << 22
  frame[23] = request.include_usage
  if (request.include_usage) shape |= 1 << 23
  frame[24] = extra
  if (hasAny(extra)) shape |= 1 << 24
  frame[25] = request.body
  const hasOptions = hasAny(options)
  if (hasOptions) shape |= OPTIONS_BIT
  for (let i = 0; i < OPTION_NAMES.length; i++) {
    frame[26 + i] = hasOptions ? (options[OPTION_NAMES[i] as string] ?? undefined) : undefined
  }
  frame[MODEL] = target.model
  // an empty secret is none: a local server that wants no key gets no header
  frame[MODEL + 1] = target.secret === '' ? undefined : target.secret
  if (target.secret !== '') shape |= KEY_BIT
  frame[MODEL + 2] = traits
  frame[MODEL + 3] = target.max_output
  return shape
}

const MODEL = CANONICAL_NAMES.length + OPTION_NAMES.length

function hasAny(map: Record<string, unknown>): boolean {
  for (const _ in map) return true
  return false
}

/** The bits of a shape that tell of these fields. */
export function bitsOf(names: Iterable<string>): number {
  let bits = 0
  for (const name of names) {
    if (OPTION_NAMES.includes(name)) bits |= OPTIONS_BIT
    else if (name === 'key') bits |= KEY_BIT
    else if (CANONICAL_NAMES.includes(name)) bits |= 1 << CANONICAL_NAMES.indexOf(name)
  }
  return bits
}

/** What is known of the fields of every request of this shape. @param told the bits of the shape that are told */
export function knownFields(shape: number, told: number, traits: Record<string, unknown>): Map<string, Known> {
  const known = new Map<string, Known>([['traits', { value: traits }]])
  for (const name of Object.keys(REQUEST_SHAPES)) {
    const bit = bitsOf([name])
    if ((told & bit) === 0 || NEVER_KNOWN.has(name)) continue
    const isThere = (shape & bit) !== 0
    if (FLAGS.has(name)) known.set(name, { value: isThere })
    else if (!isThere) known.set(name, name === 'extra' ? EMPTY : NOTHING)
  }
  return known
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
  'max_output',
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
  return typeof value === 'object' && Object.keys(value).length === 0 && name !== 'web_search_options'
}
