/** Which beginnings of prompts each API key has seen lately: what a provider that caches per key need not read again. */
import { messageTokens, toolTokens } from './prompt-tokens.ts'
import { hashOf } from './random.ts'
import type { SandboxRequest } from '../request.ts'

export interface PromptCache {
  /** How many tokens of the prompt are found; from then on all of it is. */
  read(key: string, request: SandboxRequest): number
}

/** As providers have it: nothing below 1024 tokens, then in steps of 128, for five minutes since it was last used. */
const LEAST = 1024
const STEP = 128
const LIFE = 300_000
const MOST_ENTRIES = 10_000

export function promptCache(now: () => number): PromptCache {
  /** Hash of key and beginning → when it was last used; in that order. */
  const seen = new Map<string, number>()

  const find = (hash: string): boolean => {
    const found = (seen.get(hash) ?? Number.NEGATIVE_INFINITY) > now() - LIFE
    seen.delete(hash)
    seen.set(hash, now())
    return found
  }

  return {
    read(key, request) {
      let hash = hashOf(JSON.stringify([key, request.model, request.tools]))
      let tokens = toolTokens(request)
      let known = find(hash) ? tokens : 0
      for (const message of request.messages) {
        hash = hashOf(hash + JSON.stringify(message))
        tokens += messageTokens(message)
        if (find(hash)) known = tokens
      }
      while (seen.size > MOST_ENTRIES) for (const [oldest] of seen.entries().take(1)) seen.delete(oldest)
      return known < LEAST ? 0 : known - (known % STEP)
    },
  }
}
