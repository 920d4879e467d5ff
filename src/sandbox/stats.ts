/** Counts what the sandbox was asked and what became of it, in all and for each API key. */
import type { KeyStats, SandboxStats } from './types.ts'

const nothing = (): KeyStats => ({ requests: 0, refused: 0, inFlight: 0, maxInFlight: 0, tokens: 0 })

export const emptyStats = (): SandboxStats => ({ ...nothing(), aborted: 0, completed: 0, keys: {} })

export interface Tally {
  refused(): void
  used(tokens: number): void
  /** Once, when the answer has ended in any way. */
  left(): void
}

export function count(stats: SandboxStats, key: string): Tally {
  const own = Object.hasOwn(stats.keys, key) ? stats.keys[key] : undefined
  const counted = own ?? nothing()
  if (!own) stats.keys[key] = counted
  const both = [stats, counted]
  for (const one of both) {
    one.requests++
    one.inFlight++
    one.maxInFlight = Math.max(one.maxInFlight, one.inFlight)
  }
  return {
    refused: () => both.forEach((one) => one.refused++),
    used: (tokens) => both.forEach((one) => (one.tokens += tokens)),
    left: () => both.forEach((one) => one.inFlight--),
  }
}
