/**
 * The order of keys must cost next to nothing of what they can do. Where more comes than all of them can serve, those in front
 * are soon empty and then all are used; but until then the buckets of those behind stand full, and what refills
 * meanwhile is lost for good, up to a whole bucket each. So a key that stands full goes first there, and no longer does
 * once it has served a few: as much goes past the order as would be lost, and no more. Windows of other shapes lose
 * nothing by standing full that they could give later at once.
 */
import { capacityOf } from '../queue/capacity.ts'
import { Bucket } from '../limits/bucket.ts'
import type { Choice, KeyGroup } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'

/**
 * Milliseconds for which what comes is taken to go on. So far ahead, what the keys hold now is little beside what they
 * get: a burst that they can serve out of that is served in order, for an order may save money.
 */
const AHEAD = 600_000
/** Share of a limit. A key that waited to be wholly full would lose what refills until the next request comes. */
const FULL = 0.95
/** Keys that are looked at for one request, in turns: many more than stand full anew from one to the next. */
const LOOKS = 16
/** Milliseconds for which a provider is thought to enforce less than was declared, after a limit of it was last cut. */
const DOUBTED = 600_000

/** A key that stands full and admits a request, where all are needed. */
export function idleKey(
  pool: Pool,
  keyGroups: readonly KeyGroup[],
  now: number,
  admits: (choice: Choice) => boolean,
): Choice | undefined {
  if (!isScarce(pool, now)) return undefined
  let keys = 0
  for (const { provider } of keyGroups) keys += provider.keys.length
  for (let looks = Math.min(LOOKS, keys); looks > 0; looks--) {
    const choice = nth(keyGroups, pool.looked++ % keys)
    if (choice && isFull(choice, now) && admits(choice)) return choice
  }
  return undefined
}

/** Does more come than all keys together can serve? Where some wait, none stands full. */
function isScarce(pool: Pool, now: number): boolean {
  const { typical, drainRate } = pool
  return typical !== undefined && capacityOf(pool, typical, AHEAD, now) < drainRate.recent(now) * AHEAD
}

function nth(keyGroups: readonly KeyGroup[], place: number): Choice | undefined {
  let slot = place
  for (const keyGroup of keyGroups) {
    const { length } = keyGroup.provider.keys
    if (slot < length) return keyGroup.weight(slot) > 0 ? { keyGroup, slot, warm: false } : undefined
    slot -= length
  }
  return undefined
}

/**
 * Has a key buckets, and are they full? Beside a limit of another shape that is not, they would be full for good. Where a
 * provider enforces otherwise than was declared nobody knows: to ask that key first would be to ask for refusals.
 */
function isFull({ keyGroup, slot }: Choice, now: number): boolean {
  for (const { pausedAt } of keyGroup.provider.trials.values()) if (now - pausedAt < DOUBTED) return false
  const { scope, account } = keyGroup.key(slot)
  let refills = false
  for (const each of [scope, account?.scope, keyGroup.model.keyModels.get(slot)?.scope]) {
    for (const { spec, window, rate, learnt } of each?.limits ?? []) {
      if (rate === 0) continue
      if (learnt && (window.amount !== spec.amount || now - learnt.cutAt < DOUBTED)) return false
      const most = window instanceof Bucket ? window.capacity : window.amount
      if (window.room(now) < FULL * most) return false
      refills ||= window instanceof Bucket
    }
  }
  return refills
}
