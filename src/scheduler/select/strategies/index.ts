/** The strategies by name, and how to load one's own. */
import { pathToFileURL } from 'node:url'
import { cheapest } from './cheapest.ts'
import { leastLoaded } from './least-loaded.ts'
import { lowestLatency } from './lowest-latency.ts'
import type { Strategy } from './strategy.ts'
import { useItOrLoseIt } from './use-it-or-lose-it.ts'

/** Each key in turn, in proportion to its weight: stride scheduling, exact to one request. Its score is the turn itself. */
export const WEIGHTED_FAIR = 'weighted-fair'

export const STRATEGIES: Readonly<Record<string, Strategy>> = {
  'least-loaded': leastLoaded,
  'lowest-latency': lowestLatency,
  cheapest,
  'use-it-or-lose-it': useItOrLoseIt,
}

/** Loads a strategy from a JavaScript or TypeScript file whose default export is one. Throws a TypeError otherwise. */
export async function loadStrategy(file: string): Promise<Strategy> {
  const module: { default?: unknown } = await import(pathToFileURL(file).href)
  const strategy = module.default
  if (typeof strategy !== 'function') {
    throw new TypeError(`${file} must export a function by default: (candidate) => score, the lowest is served first.`)
  }
  return strategy as Strategy
}
