/** One request on its way to a lease. */
import type { AcquireRequest, Lease } from '../types.ts'
import type { Client } from '../topology/clients.ts'
import type { Placed } from '../structures/heap.ts'
import type { Choice, KeyGroup, Tier } from '../topology/key-group.ts'
import type { Demand } from '../limits/request-cost.ts'

/** The key groups of one tier that can serve a request. */
export interface Serving {
  readonly tier: Tier
  readonly keyGroups: readonly KeyGroup[]
  /** Is the prompt cache of any of them kept per key? */
  readonly caches: boolean
}

export interface Waiting extends Placed {
  readonly request: AcquireRequest
  /** Which request of a client it is, the same for all its tries. */
  readonly origin: string | object
  readonly client: Client
  /** Key groups that can serve it at all, by tier, best tier first. */
  readonly tiers: readonly Serving[]
  /** What it will cost on the first key group that was asked, and on the others: most requests are asked by one alone. */
  keyGroup: KeyGroup | undefined
  demand: Demand | undefined
  demands: Map<KeyGroup, Demand> | undefined
  /** How much it is taken to cost, of what it may: 1, and less where that would fit no key and the least does. */
  caution: number
  /** When it first arrived, and when its patience ends (monotonic ms). */
  readonly arrived: number
  readonly deadline: number
  /** When it was first sent away, for one who comes back as told; else `arrived`. Its place among its client's. */
  since: number
  /** It comes back at the moment that it was told, so room was kept for it. */
  awaited: boolean
  /** Lower tiers may serve it from then on. */
  fallbackAt: number
  /** Until then it waits for a key that knows its beginning, where one is free within the time (monotonic ms); 0 for never. */
  loyalUntil: number
  /** Another key could take it, and it waits for its own. */
  held: boolean
  /** No key can take it before, by what is known (monotonic ms). */
  notBefore: number
  /** The key that can take it first. */
  booking: Choice | undefined
  /** Out of the queue, by whatever way. */
  gone: boolean
  resolve: (lease: Lease) => void
  reject: (error: Error) => void
  /** Stops listening to the client's signal. */
  unhook: () => void
}
