import { cachedTokens, tokenCount } from '../../../chat/chunk-usage.ts'
import type { Usage } from '../../../chat/delta.ts'
import { isRecord } from '../json-value.ts'
import type { WireUsage } from './wire-types.ts'

/** Sums up what an upstream says of its tokens, in one place or in many: key by key, later wins. */
export interface UsageFold {
  /** Canonical counts: they win over those that a passed-through chunk holds, whichever came first. */
  add(usage: Usage): void
  /** A `usage` object as an OpenAI-like upstream sent it. */
  sent(usage: unknown): void
  /** OpenAI's usage object; undefined while nothing is known. */
  wire(): WireUsage | undefined
}

type Counts = Record<string, unknown>
type Count = Exclude<keyof Usage, 'iterations'>

export function createUsageFold(): UsageFold {
  return new Counting()
}

class Counting implements UsageFold {
  private readonly told: Usage = {}
  private readonly counted: Counts = {}
  private prompt: Counts | undefined
  private completion: Counts | undefined

  add(usage: Usage): void {
    if (usage.cost !== undefined && usage.cost >= 0) this.told.cost = usage.cost
    for (const key in usage) {
      if (key === 'cost' || key === 'iterations') continue
      const count = tokenCount(usage[key as Count])
      if (count !== undefined) this.told[key as Count] = count
    }
  }

  sent(usage: unknown): void {
    if (!isRecord(usage)) return
    for (const key in usage) {
      const value = usage[key]
      if (value === null || value === undefined) continue
      if (key === 'prompt_tokens_details' || key === 'prompt_token_details') addCounts((this.prompt ??= {}), value)
      else if (key === 'completion_tokens_details') addCounts((this.completion ??= {}), value)
      else if (!TOTALS.has(key) || tokenCount(value) !== undefined) this.counted[key] = value
    }
  }

  wire(): WireUsage | undefined {
    const { told, counted, prompt: promptDetails = NO_COUNTS, completion: completionDetails = NO_COUNTS } = this
    const prompt = told.prompt_tokens ?? tokenCount(counted['prompt_tokens'])
    const completion = told.completion_tokens ?? tokenCount(counted['completion_tokens'])
    if (prompt === undefined && completion === undefined) return undefined
    const sum = (prompt ?? 0) + (completion ?? 0)
    const isTold = told.prompt_tokens !== undefined || told.completion_tokens !== undefined
    const cached = told.cached_tokens ?? cachedTokens(counted, promptDetails)
    const written = told.cache_write_tokens ?? tokenCount(promptDetails['cache_write_tokens'])
    const reasoning =
      told.reasoning_tokens ??
      tokenCount(completionDetails['reasoning_tokens']) ??
      tokenCount(counted['reasoning_tokens'])
    return {
      ...counted,
      prompt_tokens: prompt ?? 0,
      completion_tokens: completion ?? 0,
      // A total above the sum is an upstream that counts thoughts in the total only: kept, it is what it bills.
      total_tokens: isTold ? sum : Math.max(sum, tokenCount(counted['total_tokens']) ?? 0),
      prompt_tokens_details: {
        ...promptDetails,
        cached_tokens: cached ?? 0,
        ...(written !== undefined && { cache_write_tokens: written }),
      },
      completion_tokens_details: { ...completionDetails, reasoning_tokens: reasoning ?? 0 },
      ...(told.cost !== undefined && { cost: told.cost }),
    }
  }
}

const NO_COUNTS: Counts = {}

const TOTALS = new Set(['prompt_tokens', 'completion_tokens', 'total_tokens'])

/** Details without what is not a count, so that what leaves is always OpenAI's shape. */
function addCounts(to: Counts, details: unknown): void {
  if (!isRecord(details)) return
  for (const key in details) {
    const count = DETAILS.has(key) ? tokenCount(details[key]) : details[key]
    if (count !== undefined) to[key] = count
  }
}

const DETAILS = new Set([
  'cached_tokens',
  'cache_write_tokens',
  'audio_tokens',
  'text_tokens',
  'image_tokens',
  'reasoning_tokens',
  'accepted_prediction_tokens',
  'rejected_prediction_tokens',
])
