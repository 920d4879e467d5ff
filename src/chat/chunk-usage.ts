/** Usage in a chunk or completion of OpenAI's form: the one reader for what clients, log, metrics and the scheduler are told. */

/** Some servers put the usage into a private envelope beside the choices. */
export function usageIn(chunk: Record<string, unknown>): unknown {
  if (isRecord(chunk['usage'])) return chunk['usage']
  for (const key in chunk) {
    if (!key.startsWith('x_')) continue
    const envelope = chunk[key]
    if (isRecord(envelope) && isRecord(envelope['usage'])) return envelope['usage']
  }
  return undefined
}

/** OpenAI's place first, then where OpenAI-like servers put the same number. */
export function cachedTokens(usage: Record<string, unknown>, details: unknown): number | undefined {
  return (
    tokenCount(isRecord(details) ? details['cached_tokens'] : undefined) ??
    tokenCount(usage['prompt_cache_hit_tokens']) ??
    tokenCount(usage['num_cached_tokens']) ??
    tokenCount(usage['cached_tokens'])
  )
}

/** Some servers count in floats. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
