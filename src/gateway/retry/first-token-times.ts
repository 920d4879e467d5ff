/** How long each upstream model usually takes to its first token. */

export interface FirstTokenTimes {
  /** @param elapsed milliseconds from sending to the first content */
  see(model: string, elapsed: number): void
  /** Milliseconds within which 95 of 100 answers began; undefined while too few were seen. */
  usual(model: string): number | undefined
}

/** Answers that are remembered of a model, and those that it takes to know anything. */
const REMEMBERED = 128
const ENOUGH = 20
/** Models; beyond, the one that is known longest is forgotten. */
const MOST_MODELS = 1000

export function createFirstTokenTimes(): FirstTokenTimes {
  const models = new Map<string, { times: number[]; next: number }>()

  return {
    see(model, elapsed) {
      let known = models.get(model)
      if (!known) {
        const [oldest] = models.keys()
        if (oldest !== undefined && models.size >= MOST_MODELS) models.delete(oldest)
        models.set(model, (known = { times: [], next: 0 }))
      }
      known.times[known.next] = elapsed
      known.next = (known.next + 1) % REMEMBERED
    },
    usual(model) {
      const times = models.get(model)?.times
      if (!times || times.length < ENOUGH) return undefined
      const sorted = times.toSorted((a, b) => a - b)
      return sorted[Math.ceil(sorted.length * 0.95) - 1]
    },
  }
}
