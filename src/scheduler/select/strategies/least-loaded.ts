import type { Strategy } from './strategy.ts'

/** The key with the fewest requests under way for its weight. */
export const leastLoaded: Strategy = (candidate) => candidate.inFlight / candidate.weight
