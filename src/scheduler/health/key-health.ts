/** What share of its weight a key deserves, by how quick it is and by what it has not answered yet. */
import type { Key } from '../topology/provider.ts'
import { firstByteSlowness, latencyHealth, type Latency } from './latency.ts'

/** How much the lateness of the oldest, second and third oldest request under way weighs. */
const LATE_TOGETHER = [1, 1.6, 2.2]

/** @param latency what is usual for the model; @returns above 0, 1 at most */
export function healthOf(key: Key, latency: Latency, now: number): number {
  let overdue = 0
  let under = latency.usual > 0 ? key.leases?.first : undefined
  // One long answer is chance; two or three at once, each a little late, are not.
  for (let nth = 0; under && nth < LATE_TOGETHER.length; under = under.after) {
    const { item } = under
    overdue = Math.max(overdue, (item.age(now) / (item.expected * latency.usual)) * (LATE_TOGETHER[nth++] ?? 0))
  }
  const mute = key.unanswered?.item
  const silence = mute ? firstByteSlowness(latency, mute.age(now), mute.demand.input) : 0
  return latencyHealth(Math.max(key.slowness, key.firstSlowness), Math.max(overdue, silence))
}
