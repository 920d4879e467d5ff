import type { Strategy } from './strategy.ts'

/** Quota that is lost soonest goes first; what never expires, such as money, goes last. */
export const useItOrLoseIt: Strategy = (candidate) => candidate.expires
