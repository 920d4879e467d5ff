/** What this replica knows of the shared limits: its scheduler's own windows, kept as the server last told them. */
import type { LeaseRecord } from '../scheduler/lease/lease.ts'
import type { Hold } from '../scheduler/lease/accounting.ts'
import { Concurrency } from '../scheduler/limits/concurrency.ts'
import type { Limit } from '../scheduler/limits/limit.ts'
import type { Scope } from '../scheduler/topology/limit-scope.ts'
import type { SharedState } from './ledger/ledger-calls.ts'
import { nameOf } from './shared-limit.ts'

/** Units of a limit that were leased ahead. */
export interface Slice {
  /** For the ledger: when it was charged. */
  readonly mark: number
  /** Monotonic milliseconds. */
  readonly until: number
  readonly units: number
  left: number
}

export interface Mirrored {
  readonly key: string
  limit: Limit
  scope: Scope
  /** The last lease that touched it: leads to the keys that have room when it has. */
  lease: LeaseRecord
  /** Units that were taken here and that the server has not confirmed yet, by lease. */
  readonly pending: Map<LeaseRecord, number>
  /** When the server last told of it, by the monotonic clock: where there is plenty it does not. And units taken here since. */
  seenAt: number
  unseen: number
  /** Leases of this replica that the server counts, by their names there, where it counts places. */
  readonly places: Set<string>
  /** Leased ahead, the one that ends first in front. */
  slices: Slice[]
  /** Are more under way? */
  isAsked: boolean
  /** Units a millisecond that this replica uses of late, and when that was so. */
  rate: number
  notedAt: number
}

export interface Mirror {
  /** The limit of a hold, known from now on. @param isOther the lease touches it only if its own key is refused */
  of(hold: Pick<Hold, 'limit' | 'scope'>, lease: LeaseRecord, isOther?: boolean): Mirrored
  get(key: string): Mirrored | undefined
  all(): Iterable<Mirrored>
  /**
   * A lease was given.
   * @param id its name at the server, which counts its places by it; nothing where it does not know of it
   * @param charged by the server, by the limit's key
   */
  given(lease: LeaseRecord, id: string, charged: ReadonlyMap<string, unknown>): void
  /** What is told replaces what was known, but for what is not in it yet. */
  apply(states: readonly Pick<SharedState, 'key' | 'state'>[], now: number): void
}

export function createMirror(keyOf: (name: string) => string): Mirror {
  const known = new Map<string, Mirrored>()
  /** Names are long, and the same limit comes with each request. */
  const keys = new WeakMap<Limit, string>()

  return {
    of({ limit, scope }, lease, isOther = false) {
      let key = keys.get(limit)
      if (key === undefined) {
        keys.set(limit, (key = keyOf(nameOf(scope, limit))))
        // the ledger has counted it as full for everybody
        limit.startAskAt = undefined
      }
      const mirrored = known.get(key)
      if (mirrored) return Object.assign(mirrored, { limit, scope, lease: isOther ? mirrored.lease : lease })
      const made: Mirrored = {
        key,
        limit,
        scope,
        lease,
        pending: new Map(),
        seenAt: Infinity,
        unseen: 0,
        places: new Set(),
        slices: [],
        isAsked: false,
        rate: 0,
        notedAt: 0,
      }
      known.set(key, made)
      return made
    },
    given(lease, id, charged) {
      for (const { limit, asked } of lease.holds) {
        const mirrored = known.get(keys.get(limit) ?? '')
        if (mirrored && charged.has(mirrored.key)) mirrored.unseen += asked
        if (id !== '' && limit.spec.metric === 'concurrency') mirrored?.places.add(id)
      }
    },
    get: (key) => known.get(key),
    all: () => known.values(),
    apply(states, now) {
      for (const { key, state } of states) {
        const mirrored = known.get(key)
        if (!mirrored || !state) continue
        const { window } = mirrored.limit
        if (window instanceof Concurrency) {
          window.elsewhere(Math.max(0, (state[0] ?? 0) - mirrored.places.size))
          continue
        }
        mirrored.seenAt = now
        mirrored.unseen = 0
        window.load(now, state)
        for (const units of mirrored.pending.values()) window.take(now, units)
        for (const { left, until } of mirrored.slices) if (until > now) window.give(now, left, window.take(now, 0))
      }
    },
  }
}
