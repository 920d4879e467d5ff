/** What an answer has used so far, read from its deltas, so that a lease can be settled whenever the answer ends. */
import type { Delta } from '../chat/delta.ts'
import type { Settlement } from '../scheduler/contract.ts'

export interface Meter {
  see(deltas: readonly Delta[]): void
  read(): Settlement
}

/** Characters for a token, for answers whose usage never came because they broke off. */
const CHARACTERS_PER_TOKEN = 4

export function createMeter(): Meter {
  let input: number | undefined
  let output: number | undefined
  let cached: number | undefined
  let characters = 0
  const take = (name: string, usage: Record<string, unknown>): number | undefined => {
    const value = usage[name]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
  }
  return {
    see(deltas) {
      for (const delta of deltas) {
        if (delta.text) characters += delta.text.length
        else if (delta.reasoning) characters += delta.reasoning.length
        if (delta.usage) {
          input = delta.usage.prompt_tokens ?? input
          output = delta.usage.completion_tokens ?? output
          cached = delta.usage.cached_tokens ?? cached
        }
        const usage = delta.chunk?.['usage']
        if (typeof usage === 'object' && usage !== null && delta.usage === undefined) {
          const counts = usage as Record<string, unknown>
          input = take('prompt_tokens', counts) ?? input
          output = take('completion_tokens', counts) ?? output
          const details = counts['prompt_tokens_details']
          if (typeof details === 'object' && details !== null)
            cached = take('cached_tokens', details as Record<string, unknown>) ?? cached
        }
      }
    },
    read: () => ({
      input,
      output: output ?? (characters > 0 ? Math.ceil(characters / CHARACTERS_PER_TOKEN) : undefined),
      cached,
    }),
  }
}
