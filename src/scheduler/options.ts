/** What an operator may tune, with the values that serve without tuning. Times are milliseconds. */
import type { Price } from '../chat/price.ts'
import type { ErrorKind } from '../chat/error.ts'
import type { LimitSpec } from './types.ts'
import type { Strategy } from './select/strategies/strategy.ts'

export interface ClientSpec {
  /** Share of the pool under contention, relative to the other clients; 1 when absent. */
  weight?: number
  limits?: LimitSpec[]
  /** Groups whose limits it shares. */
  groups?: string[]
}

export interface GroupSpec {
  /** What its members may use together. */
  limits: LimitSpec[]
}

export interface SchedulerOptions {
  /** A name from the strategies' table, or one registered by the caller. */
  strategy?: string
  /** How long a request may wait for a key. */
  max_wait?: number
  /** Requests that may wait at once, over all pools. */
  max_queue?: number
  /** A lower tier serves when the upper cannot within this. */
  fallback_after?: number
  clients?: Record<string, ClientSpec>
  groups?: Record<string, GroupSpec>
  /** May a limit that a provider states raise the declared one? Absent: once its count shows that nobody else uses it. */
  trust_headers?: boolean | undefined
  /** Strategies of one's own, by the name that `strategy` uses. */
  strategies?: Record<string, Strategy>
  /** Is told, for the log, when one of them fails. */
  complain?: (message: string) => void
  /** Is told of each try that failed; `expected`: a key on trial or without known limits, of which a refusal is no surprise. */
  faulted?: (provider: string, kind: ErrorKind, expected: boolean) => void
  /** How many requests of a client may be looked at past a blocked one; 1 is strict order. */
  backfill?: number
  /** The price of a route whose own is not given. */
  priceOf?: (provider: string, model: string) => Price | undefined
  /** A lease that nobody ended is taken back after this. */
  lease_ttl?: number
}

export const DEFAULT_OPTIONS = {
  strategy: 'weighted-fair',
  max_wait: 50_000,
  max_queue: 10_000,
  fallback_after: 0,
  clients: {},
  groups: {},
  strategies: {},
  complain: () => {},
  faulted: () => {},
  backfill: 3,
  trust_headers: undefined,
  priceOf: () => undefined,
  lease_ttl: 660_000,
} as const satisfies SchedulerOptions
