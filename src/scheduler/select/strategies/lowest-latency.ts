import type { Strategy } from './strategy.ts'

/**
 * The key that answers soonest: the model's usual time, times how slow this key is, times its queue. A key that has not
 * answered yet counts as usual, so that each is tried.
 */
export const lowestLatency: Strategy = (candidate) =>
  candidate.latency * (candidate.slowness || 1) * (1 + candidate.inFlight)
