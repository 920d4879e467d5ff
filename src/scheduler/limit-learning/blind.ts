/** What a refusal teaches when nothing came with it but the fact: an upper bound of the real limit. */
import type { Hold } from '../lease/accounting.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Learnt } from '../limits/limit.ts'
import { learntOf, LONGEST_HOLD, setAmount } from './learnt.ts'

/** One cut in this time: requests that were refused together teach once. */
const APART = 2000
/** A bucket's rate is measured over at least so many milliseconds, and between refusals at most so many periods apart. */
const SHORTEST = 5000
const PAUSE = 2
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
 * Lowers a limit after a refusal. Windows: what ours held when the request left, and the request, were too much. Buckets:
 * between two refusals the provider's went from empty to empty, so what it accepted in between is its rate; the longer
 * ago the first one, the better that is known. `stated` is the amount that the provider itself names; if it is met,
 * somebody else uses the scope, and our share is learnt.
 */
export function learnFromRefusal(hold: Hold, stated: number | undefined, now: number): void {
  const { limit } = hold
  const learnt = learntOf(limit, now)
  const since = now - learnt.cutAt
  const { spec, window } = limit
  const bucket = spec.shape === 'bucket'
  const first = since >= APART
  // Of those that were refused together, each one leaves a window's true count a little clearer.
  if (!first && (bucket || stated !== undefined)) return
  if (first) {
    learnt.cutAt = now
    learnt.creptAt = now
  }
  const rate = bucket ? bucketRate(hold, learnt, since) : undefined
  if (stated !== undefined) {
    const guess = rate === undefined ? learnt.share * 0.9 : rate / stated
    learnt.share = Math.max(0.05, learnt.share * 0.6, Math.min(learnt.share * 0.95, guess))
    const amount = Math.min(stated, spec.amount) * learnt.share
    setAmount(limit, amount, now, `others use the ${stated} that the provider states`)
  } else {
    if (first) learnt.hold = Math.min(learnt.hold * 2, LONGEST_HOLD)
    const seen = bucket ? (rate ?? window.amount) : tooMuch(hold)
    const amount = Math.max(Math.min(window.amount, seen), window.amount * 0.6, 0.1 * spec.amount)
    setAmount(limit, amount, now, 'refused below the declared limit')
  }
  if (bucket) limit.window.lower(now, 0)
}

/**
 * A window admitted what it held, but not one request more; of tokens, nobody knows how many were missing. It held what
 * ours did, less what has turned out to be refused, and perhaps what left a little later and overtook.
 */
function tooMuch({ before, asked, mark, taken, limit }: Hold): number {
  // The request itself has been given back.
  const changed = limit.taken - (taken - asked) - (limit.window.after?.(mark) ?? 0)
  const held = before + changed
  if (limit.spec.metric !== 'requests') return (held + asked) * 0.99
  return Math.min(held + asked, Math.ceil(limit.window.amount)) - 1
}

/**
 * The units that a provider's bucket gets in a period, from above: one request more than it accepted since it was first
 * seen empty. Undefined while it is not known. `since` is the time since the last refusal, in milliseconds.
 */
function bucketRate(hold: Hold, learnt: Learnt, since: number): number | undefined {
  const { limit, asked } = hold
  const { period } = limit.spec
  const taken = hold.taken - asked
  const accepted = taken - learnt.emptyTaken
  const elapsed = hold.mark - learnt.emptyAt
  // In a longer pause the bucket may have been full, and what it did not take in then is not in the count.
  if (since > PAUSE * period) {
    const first = learnt.emptyAt === -Infinity
    learnt.emptyAt = hold.mark
    learnt.emptyTaken = taken
    return first ? undefined : limit.window.amount * 0.99
  }
  return elapsed < SHORTEST ? undefined : ((accepted + asked) / elapsed) * period
}
