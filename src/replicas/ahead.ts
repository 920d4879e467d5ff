/** Serves requests from what is leased ahead, and leases the next before that ends. */
import type { Clock } from '../scheduler/clock.ts'
import type { LeaseRecord } from '../scheduler/lease/lease.ts'
import { partsOf } from './charges.ts'
import type { Acquired, Charge } from './ledger/ledger-calls.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Mirror, Mirrored } from './mirror.ts'
import { PLACE, type Presence } from './presence.ts'
import type { Charged } from './refunds.ts'
import { sharedLimit } from './shared-limit.ts'
import type { Part, Slices } from './slices.ts'

export interface AheadParts {
  ledger: Ledger
  mirror: Mirror
  presence: Presence
  slices: Slices
  clock: Clock
  /** By the ledger's clock. */
  wall: () => number
  nextId: () => string
  timed: <T>(call: Promise<T>) => Promise<T>
  /** The lease is given; `charged` by the limit's key. */
  enter: (lease: LeaseRecord, id: string, charged: ReadonlyMap<string, Charged>) => LeaseRecord
}

export interface Ahead {
  /** The lease, when all that it needs is leased already. */
  lend(lease: LeaseRecord): LeaseRecord | undefined
  /** What the ledger says, and lends. @param sent monotonic milliseconds */
  hear(told: Acquired, sent: number): void
  /** Leases that were given so. */
  count(): number
}

export function createAhead(parts: AheadParts): Ahead {
  const { ledger, mirror, presence, slices, clock, wall, nextId, timed, enter } = parts
  let count = 0

  async function ask(needed: readonly Part[]): Promise<void> {
    const wanted = slices.want(needed)
    const asked: Mirrored[] = []
    const charges = needed.flatMap(({ mirrored }, index): Charge[] => {
      const each = wanted[index]
      if (!each || each.ahead === 0) return []
      asked.push(mirrored)
      return [{ ...sharedLimit(mirrored.key, mirrored.limit, wall()), need: 0, cost: 0, ...each }]
    })
    if (charges.length === 0) return
    for (const each of asked) each.isAsked = true
    const sent = clock.now()
    try {
      const told = await timed(ledger.acquire(nextId(), PLACE, [charges]))
      if (!presence.renewed(told.born)) hear(told, sent)
    } catch (error) {
      presence.lose(error)
    } finally {
      for (const each of asked) each.isAsked = false
    }
  }

  function hear({ states }: Acquired, sent: number): void {
    // It came late: limits are cut down meanwhile, and what they show is of the share.
    if (presence.isAway()) return
    for (const { key, lent } of states) {
      const mirrored = lent && mirror.get(key)
      if (mirrored) slices.lent(mirrored, lent, sent)
    }
    mirror.apply(states, clock.now())
  }

  return {
    lend(lease) {
      if (presence.isAway()) return undefined
      const needed = partsOf(mirror, lease)
      const taken = slices.take(needed)
      if (!taken) return undefined
      count++
      const charged = new Map<string, Charged>()
      needed.forEach(({ mirrored }, index) => {
        const slice = taken[index]
        if (slice) charged.set(mirrored.key, { mark: slice.mark, slice })
      })
      if (slices.isLow(needed)) void ask(needed)
      return enter(lease, '', charged)
    },
    hear,
    count: () => count,
  }
}
