/** Counts of every kind that has a price, in a usage object of OpenAI's form or in canonical usage. */
import { cachedTokens, tokenCount } from './chunk-usage.ts'
import type { Usage } from './delta.ts'
import type { TokenCounts } from './price.ts'

/** Of a canonical usage; adds to `counts` what is said. */
export function addUsage(counts: TokenCounts, usage: Usage): void {
  for (const key in usage) {
    const name = NAMES[key as keyof Usage]
    const count = usage[key as keyof Usage]
    if (name !== undefined && typeof count === 'number') counts[name] = count
  }
}

const NAMES: Readonly<Partial<Record<keyof Usage, Exclude<keyof TokenCounts, 'service_tier'>>>> = {
  prompt_tokens: 'input',
  completion_tokens: 'output',
  cached_tokens: 'cached',
  cache_write_tokens: 'cache_write',
  cache_write_1h_tokens: 'cache_write_1h',
  reasoning_tokens: 'reasoning',
  input_audio_tokens: 'input_audio',
  cached_audio_tokens: 'cached_audio',
  output_audio_tokens: 'output_audio',
  input_image_tokens: 'input_image',
  output_image_tokens: 'output_image',
  billed_input_tokens: 'billed_input',
  billed_output_tokens: 'billed_output',
}

/** Of one call of a model. */
export function countsOf(usage: Usage): TokenCounts {
  const counts: TokenCounts = {}
  addUsage(counts, usage)
  return counts
}

/** The same of OpenAI's own object: of chats, and of its other APIs, which name input and output. */
export function addWireUsage(counts: TokenCounts, usage: Record<string, unknown>): void {
  const read = recordOf(
    usage['prompt_tokens_details'] ?? usage['prompt_token_details'] ?? usage['input_tokens_details'],
  )
  const written = recordOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  put(counts, 'input', usage['prompt_tokens'] ?? usage['input_tokens'])
  put(counts, 'output', usage['completion_tokens'] ?? usage['output_tokens'])
  put(counts, 'cached', cachedTokens(usage, read))
  put(counts, 'cache_write', read['cache_write_tokens'])
  put(counts, 'reasoning', written['reasoning_tokens'] ?? usage['reasoning_tokens'])
  put(counts, 'input_audio', read['audio_tokens'])
  put(counts, 'cached_audio', recordOf(read['cached_tokens_details'])['audio_tokens'])
  put(counts, 'output_audio', written['audio_tokens'])
  put(counts, 'input_image', read['image_tokens'])
  put(counts, 'output_image', written['image_tokens'])
}

/** The same as canonical usage. */
export function wireUsage(usage: Record<string, unknown>): Usage {
  const counts: TokenCounts = {}
  addWireUsage(counts, usage)
  const canonical: Record<string, number> = {}
  for (const key in NAMES) {
    const name = NAMES[key as keyof Usage]
    const count = name && counts[name]
    if (count !== undefined) canonical[key] = count
  }
  return canonical
}

/** US dollars, where an upstream says what it charges for the answer. */
export function costTold(usage: Record<string, unknown>): number | undefined {
  const { cost } = usage
  const told = typeof cost === 'object' && cost !== null ? (cost as Record<string, unknown>)['total_cost'] : cost
  if (!isDollars(told)) return undefined
  // with a key of the client's own at the vendor behind it, what that one takes stands beside
  const behind = usage['is_byok'] === true ? recordOf(usage['cost_details'])['upstream_inference_cost'] : undefined
  return isDollars(behind) ? told + behind : told
}

function isDollars(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function put(counts: TokenCounts, name: Exclude<keyof TokenCounts, 'service_tier'>, value: unknown): void {
  const count = tokenCount(value)
  if (count !== undefined) counts[name] = count
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : NOTHING
}

const NOTHING: Record<string, unknown> = {}
