import type { Strategy } from './strategy.ts'

/** Each key in turn, in proportion to its weight: stride scheduling, exact to one request. */
export const weightedFair: Strategy = (candidate) => candidate.virtual
