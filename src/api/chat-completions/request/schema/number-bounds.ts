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

/** Tokens fit a signed 32-bit integer everywhere; with none a vendor may fill its cache. */
const tokens = whole(0, 2 ** 31 - 1)
/** OpenAI's are of -2 to 2; what samplers of open models take goes further. */
const penalty = decimal(-100, 100)

/** OpenAI documents n up to 128 and seeds of 64 bits. Where vendors differ, the widest: each one's own answer names its own. */
const BOUNDS: Record<string, Bounds> = {
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

/** The first number of a body that is out of all bounds. */
export function checkNumbers(body: unknown): GatewayError | undefined {
  if (!isRecord(body)) return undefined
  for (const field in BOUNDS) {
    const value = body[field]
    if (typeof value !== 'number' && typeof value !== 'bigint') continue
    const { isWhole, least, most } = BOUNDS[field] as Bounds
    if (value < least) return outside(field, value, 'below_min', `>= ${least}`, isWhole)
    if (value > most) return outside(field, value, 'above_max', `<= ${most}`, isWhole)
  }
  return undefined
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
