/** What an answer has used so far, read from its deltas, so that a lease can be settled whenever the answer ends. */
import type { Delta } from '../chat/delta.ts'
import { CHARACTERS_PER_TOKEN } from './estimate.ts'
import type { Settlement } from '../scheduler/contract.ts'

export interface Meter {
  see(deltas: readonly Delta[]): void
  read(): Settlement
  /** A reason to stop was given. */
  finished(): boolean
}

export function createMeter(): Meter {
  let input: number | undefined
  let output: number | undefined
  let cached: number | undefined
  let characters = 0
  let finished = false

  function seeChunk(chunk: Record<string, unknown>): void {
    const choices = chunk['choices']
    if (Array.isArray(choices)) {
      for (const choice of choices as (Choice | null)[]) {
        if (choice?.finish_reason) finished = true
        const said = choice?.delta
        if (typeof said?.content === 'string') characters += said.content.length
      }
    }
    const usage = chunk['usage']
    if (typeof usage !== 'object' || usage === null) return
    const counts = usage as Record<string, unknown>
    input = count(counts['prompt_tokens']) ?? input
    output = count(counts['completion_tokens']) ?? output
    const details = counts['prompt_tokens_details']
    if (typeof details === 'object' && details !== null)
      cached = count((details as Record<string, unknown>)['cached_tokens']) ?? cached
  }

  return {
    see(deltas) {
      for (const delta of deltas) {
        if (delta.text) characters += delta.text.length
        else if (delta.reasoning) characters += delta.reasoning.length
        if (delta.finish_reason !== undefined) finished = true
        if (delta.usage) {
          input = delta.usage.prompt_tokens ?? input
          output = delta.usage.completion_tokens ?? output
          cached = delta.usage.cached_tokens ?? cached
        }
        if (delta.chunk) seeChunk(delta.chunk)
      }
    },
    read: () => ({
      input,
      // an answer that broke off never told
      output: output ?? (characters > 0 ? Math.ceil(characters / CHARACTERS_PER_TOKEN) : undefined),
      cached,
    }),
    finished: () => finished,
  }
}

interface Choice {
  finish_reason?: unknown
  delta?: { content?: unknown }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
