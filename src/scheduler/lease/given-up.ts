/**
 * Requests that nobody ended in time, and that may run on for all that: a place of them that was given to another is then
 * refused by the provider. Such a refusal shows that one of them does, and it holds its place again, until it ends or is
 * given up once more.
 */
import type { Limit } from '../limits/limit.ts'
import type { Hold } from './accounting.ts'
import type { LeaseRecord } from './lease.ts'

export class GivenUp {
  private readonly byLimit = new Map<Limit, LeaseRecord[]>()

  add(lease: LeaseRecord): void {
    for (const { limit } of places(lease)) {
      const lost = this.byLimit.get(limit) ?? []
      lost.push(lease)
      // of those that were given up long ago none runs any more, where as many came after them
      if (lost.length > limit.spec.amount) lost.shift()
      this.byLimit.set(limit, lost)
    }
  }

  /** The one that a refused request shows to run on, if it does: the last that was given up. */
  stillRunning(refused: LeaseRecord): LeaseRecord | undefined {
    if (!isAboutPlaces(refused)) return undefined
    for (const { limit } of places(refused)) {
      const lost = this.byLimit.get(limit) ?? []
      for (let lease = lost.pop(); lease; lease = lost.pop()) if (lease.isLost) return lease
    }
    return undefined
  }
}

/** What it holds of how many may be under way at once with its provider. */
function places({ holds }: LeaseRecord): Hold[] {
  return holds.filter(
    ({ limit, scope: { kind } }) => limit.spec.metric === 'concurrency' && kind !== 'client' && kind !== 'model',
  )
}

/** Was it refused for others under way? Where nothing is said, if no other limit is known. */
function isAboutPlaces({ failed, refusal, holds }: LeaseRecord): boolean {
  if (failed !== 'rate_limit') return false
  return refusal ? refusal.metric === 'concurrency' : holds.every(({ limit }) => limit.spec.metric === 'concurrency')
}
