import type { Usage } from '../../../chat/delta.ts'
import { isRecord } from '../record.ts'
import type { WireUsage } from './wire.ts'

/** Sums up what an upstream says of its tokens, in one place or in many: key by key, later wins. */
export interface UsageFold {
  /** Canonical counts: they win over those that a passed-through chunk holds, whichever came first. */
  tell(usage: Usage): void
  /** A `usage` object as an OpenAI-like upstream sent it. */
  sent(usage: unknown): void
  /** OpenAI's usage object; undefined while nothing is known. */
  wire(): WireUsage | undefined
}

type Counts = Record<string, unknown>

export function createUsageFold(): UsageFold {
  const told: Usage = {}
  const sent: Counts = {}
  let promptDetails: Counts = {}
  let completionDetails: Counts = {}

  return {
    tell(usage) {
      for (const key of Object.keys(usage) as (keyof Usage)[]) {
        const count = whole(usage[key])
        if (count !== undefined) told[key] = count
      }
    },
    sent(usage) {
      if (!isRecord(usage)) return
      for (const key of Object.keys(usage)) {
        const value = usage[key]
        if (value === null || value === undefined) continue
        if (key === 'prompt_tokens_details' || key === 'prompt_token_details')
          promptDetails = { ...promptDetails, ...counts(value) }
        else if (key === 'completion_tokens_details') completionDetails = { ...completionDetails, ...counts(value) }
        else if (!TOTALS.has(key) || whole(value) !== undefined) sent[key] = value
      }
    },
    wire() {
      const prompt = told.prompt_tokens ?? whole(sent['prompt_tokens'])
      const completion = told.completion_tokens ?? whole(sent['completion_tokens'])
      if (prompt === undefined && completion === undefined) return undefined
      const sum = (prompt ?? 0) + (completion ?? 0)
      const isTold = told.prompt_tokens !== undefined || told.completion_tokens !== undefined
      // A total above the sum is an upstream that counts thoughts in the total only: kept, it is what it bills.
      const total = isTold ? sum : Math.max(sum, whole(sent['total_tokens']) ?? 0)
      const cached = told.cached_tokens ?? cachedTokens(sent, promptDetails)
      const written = told.cache_write_tokens ?? whole(promptDetails['cache_write_tokens'])
      const reasoning =
        told.reasoning_tokens ?? whole(completionDetails['reasoning_tokens']) ?? whole(sent['reasoning_tokens'])
      return {
        ...sent,
        prompt_tokens: prompt ?? 0,
        completion_tokens: completion ?? 0,
        total_tokens: total,
        prompt_tokens_details: {
          ...promptDetails,
          cached_tokens: cached ?? 0,
          ...(written !== undefined && { cache_write_tokens: written }),
        },
        completion_tokens_details: { ...completionDetails, reasoning_tokens: reasoning ?? 0 },
      }
    },
  }
}

const TOTALS = new Set(['prompt_tokens', 'completion_tokens', 'total_tokens'])

/** OpenAI's place first, then where OpenAI-like servers put the same number. */
function cachedTokens(sent: Counts, details: Counts): number | undefined {
  return (
    whole(details['cached_tokens']) ??
    whole(sent['prompt_cache_hit_tokens']) ??
    whole(sent['num_cached_tokens']) ??
    whole(sent['cached_tokens'])
  )
}

/** Details without what is not a count, so that what leaves is always OpenAI's shape. */
function counts(value: unknown): Counts {
  if (!isRecord(value)) return {}
  const known = Object.entries(value).map(([key, count]) => [key, DETAILS.has(key) ? whole(count) : count] as const)
  return Object.fromEntries(known.filter(([, count]) => count !== undefined))
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

/** Some servers count in floats. */
function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
}
