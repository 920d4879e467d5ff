/**
 * Room that is kept for a large request which needs longer than it may wait here: it was told when to come back, and smaller
 * ones use of its key meanwhile only what is left over. Else it would never find a key with so much room.
 */
import type { Demand } from '../limits/request-cost.ts'
import { needOf } from '../limits/request-cost.ts'
import type { Scope } from './limit-scope.ts'

export interface KeptRoom {
  /** What tells the request when it comes again. */
  readonly mark: string
  /** The very object once it is back: whoever asks with it is the one for whom room is kept. */
  demand: Demand
  /** When it is to come, and until when room is kept for it (monotonic ms). */
  readonly at: number
  readonly until: number
}

/** Milliseconds after its time: who has not come by then will not. */
const LATE = 2000

export function createKeptRoom(mark: string, demand: Demand, at: number): KeptRoom {
  return { mark, demand, at, until: at + LATE }
}

/**
 * Milliseconds for which a demand must leave a key alone, so that there is room in time for whom it is kept.
 * @param scopes all that the key's requests count against
 */
export function keptWait(kept: KeptRoom, scopes: Iterable<Scope>, demand: Demand, now: number): number {
  if (kept.demand === demand || kept.until <= now) return 0
  const left = Math.max(0, kept.at - now)
  for (const { limits } of scopes) {
    for (const { spec, window } of limits) {
      if (spec.metric === 'concurrency') continue
      if (window.supply(now, left) < needOf(spec, demand) + needOf(spec, kept.demand)) return kept.until - now
    }
  }
  return 0
}
