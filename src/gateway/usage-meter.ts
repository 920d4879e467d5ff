/** What an answer has used so far, read from its deltas, so that a lease can be settled whenever the answer ends. */
import { cachedTokens, tokenCount, usageIn } from '../chat/chunk-usage.ts'
import type { Delta } from '../chat/delta.ts'
import { CHARACTERS_PER_TOKEN } from './estimate.ts'
import type { Settlement } from '../scheduler/types.ts'

export interface UsageMeter {
  see(deltas: readonly Delta[]): void
  /** The same for a delta of nothing but text. */
  seeText(characters: number): void
  read(): Settlement
  /** A reason to stop was given. */
  finished(): boolean
}

export function createUsageMeter(): UsageMeter {
  return new AnswerUsageMeter()
}

class AnswerUsageMeter implements UsageMeter {
  private input: number | undefined
  private output: number | undefined
  private cached: number | undefined
  private characters = 0
  private isFinished = false

  see(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.text) this.characters += delta.text.length
      else if (delta.reasoning) this.characters += delta.reasoning.length
      if (delta.finish_reason !== undefined) this.isFinished = true
      if (delta.usage) {
        this.input = delta.usage.prompt_tokens ?? this.input
        this.output = delta.usage.completion_tokens ?? this.output
        this.cached = delta.usage.cached_tokens ?? this.cached
      }
      if (delta.chunk) this.seeChunk(delta.chunk)
    }
  }

  seeText(characters: number): void {
    this.characters += characters
  }

  read(): Settlement {
    const { input, output, cached, characters } = this
    // an answer that broke off never told
    const estimate = characters > 0 ? Math.ceil(characters / CHARACTERS_PER_TOKEN) : undefined
    return { input, output: output ?? estimate, cached }
  }

  finished(): boolean {
    return this.isFinished
  }

  private seeChunk(chunk: Record<string, unknown>): void {
    const choices = chunk['choices']
    if (Array.isArray(choices)) {
      for (const choice of choices as (Choice | null)[]) {
        if (choice?.finish_reason) this.isFinished = true
        const said = choice?.delta
        if (typeof said?.content === 'string') this.characters += said.content.length
        else if (typeof choice?.text === 'string') this.characters += choice.text.length
      }
    }
    const usage = usageIn(chunk) as Record<string, unknown> | undefined
    if (usage === undefined) return
    this.input = tokenCount(usage['prompt_tokens']) ?? this.input
    this.output = tokenCount(usage['completion_tokens']) ?? this.output
    this.cached = cachedTokens(usage, usage['prompt_tokens_details'] ?? usage['prompt_token_details']) ?? this.cached
  }
}

interface Choice {
  finish_reason?: unknown
  delta?: { content?: unknown }
  /** Of legacy completions. */
  text?: unknown
}
