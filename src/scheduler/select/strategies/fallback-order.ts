/** A strategy of one's own may be wrong; that must cost one choice, and no request and no place. */
import type { Strategy } from './strategy.ts'

/** One complaint in so many milliseconds: a strategy is asked at every choice. */
const QUIET = 60_000
/** Of candidates without a score the one whose turn it is goes first, behind those that have one. */
const UNSCORED = Infinity

/** The same strategy, which neither throws nor gives what is no number; `complain` is told why it would have. */
export function guarded(
  name: string,
  strategy: Strategy,
  now: () => number,
  complain: (message: string) => void,
): Strategy {
  let next = -Infinity
  const unscored = (key: string, why: string): number => {
    if (now() >= next) {
      next = now() + QUIET
      complain(`The strategy ${name} ${why} for ${key}: keys without a score are taken last, in weighted turns.`)
    }
    return UNSCORED
  }
  return (candidate) => {
    try {
      const score: unknown = strategy(candidate)
      if (typeof score === 'number' && !Number.isNaN(score)) return score
      return unscored(candidate.key, `gave ${String(score)} as a score`)
    } catch (error) {
      return unscored(candidate.key, `threw "${error instanceof Error ? error.message : String(error)}"`)
    }
  }
}
