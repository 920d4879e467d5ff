/** What a refusal teaches when nothing came with it but the fact: an upper bound of the real limit. */
import type { Hold } from '../accounting.ts'
import type { LeaseRecord } from '../lease.ts'
import { learntOf, LONGEST_HOLD, setAmount } from './learnt.ts'

/** One cut in this time: requests that were refused together teach once. */
const APART = 2000
/** Longer windows are counted by the day class, not guessed at. */
const LONGEST_PERIOD = 3_600_000

/** The limit that a refusal was most likely about: the fullest of the short windows. */
export function fullest(lease: LeaseRecord): Hold | undefined {
  let found: Hold | undefined
  let fill = -1
  for (const hold of lease.holds) {
    const { spec, window } = hold.limit
    if (hold.scope.kind === 'client' || hold.scope.kind === 'model') continue
    if (spec.metric === 'concurrency' || spec.period > LONGEST_PERIOD) continue
    const here = hold.before / window.amount
    if (here > fill) {
      fill = here
      found = hold
    }
  }
  return found
}

/**
 * Lowers a limit after a refusal. Windows: what ours held when the request left is at least the real limit. Buckets:
 * between two refusals the provider's went from empty to empty, so what it accepted in between is its rate. `stated` is
 * the amount that the provider itself names; if it is met, somebody else uses the scope, and our share is learnt.
 */
export function learnFromRefusal(hold: Hold, stated: number | undefined, now: number): void {
  const { limit } = hold
  const learnt = learntOf(limit, now)
  if (now - learnt.cutAt < APART) return
  const { spec, window } = limit
  const bucket = spec.shape === 'bucket'
  const elapsed = now - learnt.emptyAt
  const rate = ((limit.taken - learnt.emptyTaken) / elapsed) * spec.period
  const measured = bucket && elapsed < 3600_000 ? rate : undefined
  learnt.cutAt = now
  learnt.creptAt = now
  learnt.emptyAt = now
  learnt.emptyTaken = limit.taken
  if (stated !== undefined) {
    const guess = measured === undefined || elapsed < 5000 ? learnt.share * 0.9 : measured / stated
    learnt.share = Math.max(0.05, learnt.share * 0.6, Math.min(learnt.share * 0.95, guess))
    setAmount(
      limit,
      Math.min(stated, spec.amount) * learnt.share,
      now,
      `others use the ${stated} that the provider states`,
    )
  } else {
    learnt.hold = Math.min(learnt.hold * 2, LONGEST_HOLD)
    const seen = bucket ? (measured !== undefined && elapsed >= 15_000 ? measured : window.amount) : hold.before
    const amount = Math.min(window.amount, Math.max(seen, window.amount * 0.6)) * 0.99
    setAmount(limit, Math.max(amount, 0.1 * spec.amount), now, 'refused below the declared limit')
  }
  if (bucket) limit.window.lower(now, 0)
}
