/** Numbers that no vendor takes: refused here, in OpenAI's words, before anything is reckoned with them. */
import { GatewayError } from '../../../../chat/error.ts'
import { isRecord } from '../../json-value.ts'

interface Bounds {
  isWhole: boolean
  least: number | bigint
  most: number | bigint
}

const whole = (least: number, most: number): Bounds => ({ isWhole: true, least, most })
const decimal = (least: number, most: number): Bounds => ({ isWhole: false, least, most })

/** By the name of a field. */
export type NumberBounds = Readonly<Record<string, Bounds>>

/** Tokens fit a signed 32-bit integer everywhere; with none a vendor may fill its cache. */
const tokens = whole(0, 2 ** 31 - 1)
/** OpenAI's are of -2 to 2; what samplers of open models take goes further. */
const penalty = decimal(-100, 100)

/** OpenAI documents n up to 128 and seeds of 64 bits. Where vendors differ, the widest: each one's own answer names its own. */
const BOUNDS = {
  max_tokens: tokens,
  max_completion_tokens: tokens,
  n: whole(1, 128),
  seed: { isWhole: true, least: -(2n ** 63n), most: 2n ** 64n - 1n },
  top_logprobs: whole(0, 1000),
  temperature: decimal(-1, 100), // below 0 local servers take the likeliest token
  top_p: decimal(0, 1),
  presence_penalty: penalty,
  frequency_penalty: penalty,
}

/** How many tokens a sampler looks at; below 1 some look at all. */
const top_k = whole(-1, 2 ** 31 - 1)

/** Other APIs: the same numbers under the names that they have there. */
export const MESSAGES_BOUNDS: NumberBounds = {
  max_tokens: tokens,
  temperature: BOUNDS.temperature,
  top_p: BOUNDS.top_p,
  top_k,
}
export const COMPLETIONS_BOUNDS: NumberBounds = { ...BOUNDS, best_of: BOUNDS.n, logprobs: BOUNDS.top_logprobs }
export const GENERATE_CONTENT_BOUNDS: NumberBounds = {
  maxOutputTokens: tokens,
  candidateCount: BOUNDS.n,
  seed: BOUNDS.seed,
  logprobs: BOUNDS.top_logprobs,
  temperature: BOUNDS.temperature,
  topP: BOUNDS.top_p,
  topK: { ...top_k, isWhole: false }, // its JSON has a float there
  presencePenalty: penalty,
  frequencyPenalty: penalty,
}
/** Of its options those that have a place beyond this API; it asks for no end by -1, and to fill the context by -2. */
export const OLLAMA_BOUNDS: NumberBounds = {
  num_predict: whole(-2, 2 ** 31 - 1),
  seed: BOUNDS.seed,
  temperature: BOUNDS.temperature,
  top_p: BOUNDS.top_p,
  presence_penalty: penalty,
  frequency_penalty: penalty,
}
/** Of what is relayed: pictures at once. */
export const RELAYED_BOUNDS: NumberBounds = {
  n: BOUNDS.n,
  temperature: BOUNDS.temperature,
  top_n: whole(0, 2 ** 31 - 1),
  partial_images: whole(0, 1000),
  output_compression: whole(0, 100),
  speed: decimal(0, 100),
}

/** The first number of a body that is out of all bounds. @param within the name of the field that `body` is, for the message */
export function checkNumbers(body: unknown, bounds: NumberBounds = BOUNDS, within = ''): GatewayError | undefined {
  if (!isRecord(body)) return undefined
  for (const field in bounds) {
    const value = body[field]
    if (typeof value !== 'number' && typeof value !== 'bigint') continue
    const { isWhole, least, most } = bounds[field] as Bounds
    const name = within + field
    if (value < least) return outside(name, value, 'below_min', `>= ${least}`, isWhole)
    if (value > most) return outside(name, value, 'above_max', `<= ${most}`, isWhole)
    if (isWhole && typeof value === 'number' && !Number.isInteger(value)) return notWhole(name)
  }
  return undefined
}

function notWhole(field: string): GatewayError {
  const message = `Invalid type for '${field}': expected an integer, but got a decimal number instead.`
  return new GatewayError('invalid_request', message, { param: field, code: 'invalid_type' })
}

function outside(
  field: string,
  value: number | bigint,
  way: 'below_min' | 'above_max',
  expected: string,
  isWhole: boolean,
): GatewayError {
  const kind = isWhole ? 'integer' : 'decimal'
  const side = way === 'below_min' ? 'below minimum' : 'above maximum'
  const message = `Invalid '${field}': ${kind} ${side} value. Expected a value ${expected}, but got ${value} instead.`
  return new GatewayError('invalid_request', message, { param: field, code: `${kind}_${way}_value` })
}
