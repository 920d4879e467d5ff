/** How much of a key's limits a run has used. */
import type { EnforcedLimit, UpstreamKey } from './upstream.ts'

export interface KeyUse {
  /** `provider/model#key`. */
  key: string
  served: number
  refused: number
  /** The limit that was used most, and how much of it, 0 to 100 %; absent where there is no limit. */
  tightest?: { limit: string; percentage: number }
}

const PERIODS: Record<number, string> = { 1000: 'second', 60_000: 'minute', 3_600_000: 'hour', 86_400_000: 'day' }

/** `duration` is the run's, in milliseconds. */
export function keyUse({ id, served, refused, limits }: UpstreamKey, duration: number): KeyUse {
  const uses = limits.map((limit) => ({ limit: nameOf(limit), percentage: percentageOf(limit, duration) }))
  const tightest = uses.toSorted((a, b) => b.percentage - a.percentage)[0]
  return tightest === undefined ? { key: id, served, refused } : { key: id, served, refused, tightest }
}

/** Of what the limit grants over the duration, and at least of one whole period's. */
function percentageOf({ metric, period, enforcement, used }: EnforcedLimit, duration: number): number {
  if (duration <= 0) return 0
  const granted = enforcement.limit * (metric === 'concurrency' ? duration : Math.max(1, duration / period))
  return Math.min(100, (100 * used) / granted)
}

function nameOf({ metric, period }: EnforcedLimit): string {
  return period === 0 ? metric : `${metric} per ${PERIODS[period] ?? `${period / 1000} s`}`
}
