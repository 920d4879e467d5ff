/** Parts of what a scheduler reports of itself. */

/** One request that waits. Milliseconds. */
export interface WaitingReport {
  /** The public model whose queue it stands in, and where, from 1. */
  model: string
  place: number
  client: string
  id?: string
  waited: number
  /** How much longer it will wait at the most. */
  patience: number
  /** Until its turn, by what is known now; null where only the end of another request brings it. */
  eta: number | null
  /** It is the end of another request that it waits for: reckoned by how long they usually take. */
  guessed?: boolean
  /** The key that will be free for it first, and what that one waits for; of the foremost only. */
  key?: string
  reason?: string
  /** Another key is free, and it waits for the one that has its beginning in the cache. */
  held: boolean
}

export interface KeyReport {
  key: string
  provider: string
  state: string
  inFlight: number
  /** Milliseconds since the epoch. */
  until?: number
  reason?: string
  /** An administrator lets it rest. */
  isSetToRest?: true
  weight: number
  /** Where an administrator has set another: what the configuration says. */
  configuredWeight?: number
}

export interface ReplicaReport {
  /** This one, and all that live. */
  replica: string
  replicas: string[]
  state: 'shared' | 'away'
  /** So far: leases from what was leased ahead, round trips, picks that others had taken, and times that the state went away. */
  ahead: number
  roundTrips: number
  refused: number
  losses: number
  /** Of the last round trip, in milliseconds. */
  latency: number
  /** How many took so many seconds at most, by `bounds`; how many longer; the sum of all. */
  roundTripSeconds: { bounds: readonly number[]; counts: number[] }
}
