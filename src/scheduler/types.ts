/** Which key, and when: what the gateway asks of the scheduler and what it gets. Knows no HTTP, no JSON, no format. */
import type { Cancellation } from '../runtime/cancellation.ts'
import type { ErrorKind } from '../chat/error.ts'
import type { Price, TokenCounts } from '../chat/price.ts'
import type { KeyReport, ReplicaReport, WaitingReport } from './reported.ts'

export type { KeyReport, ReplicaReport, WaitingReport } from './reported.ts'

/** `uncached` is input less what the provider read from its cache. */
export type Metric = 'requests' | 'tokens' | 'input' | 'output' | 'uncached' | 'concurrency' | 'usd' | 'neurons'

/** How the provider enforces a window. `sliding` is safe on every other shape and the default where it is not known. */
export type Shape = 'bucket' | 'sliding' | 'fixed' | 'calendar'

export type LimitScope = 'key' | 'key-model' | 'account' | 'account-model' | 'provider' | 'model' | 'client'

/** What a request is charged: estimate + max_tokens at once, input only, input + predicted output, or what it used, at the end. */
export type Charge = 'reserve-max' | 'input' | 'predicted' | 'actual'

export interface LimitSpec {
  metric: Metric
  amount: number
  /** Length of the window in milliseconds; 0 for concurrency. */
  period: number
  shape?: Shape
  scope?: LimitScope
  charge?: Charge
  /** For calendar windows: `{ unit: 'day', at: '00:00', zone: 'America/Los_Angeles' }`. */
  resets?: { unit: 'hour' | 'day' | 'week' | 'month'; at: string; zone: string }
  burst?: number
}

export interface Capabilities {
  tools?: boolean
  vision?: boolean
  json_schema?: boolean
  /** Largest prompt plus answer, in tokens. */
  context?: number
  max_output?: number
}

export interface KeySpec {
  /** `acme#2`: the provider and the position; never the secret. */
  name: string
  weight: number
  /** Keys of one account share its account limits; each key its own account when absent. */
  account?: string
  limits: LimitSpec[]
}

export interface ModelFacts {
  /** Of each account with this model, unless a limit names another scope. */
  limits?: LimitSpec[]
  capabilities?: Capabilities
  price?: Price
}

export interface ProviderSpec {
  name: string
  weight: number
  keys: KeySpec[]
  /** Of each account (each key that names none), unless a limit names another scope. */
  limits: LimitSpec[]
  /** By the upstream's name; used when `provider/model` is asked for and no pool of that name exists. */
  models?: Record<string, ModelFacts>
  /** Is the provider's prompt cache kept per key (then affinity pays)? */
  cache_per_key?: boolean
  /** Tokens that it reserves for the answer of a request that sets no maximum. */
  assumes_output?: number
  /** Do requests that failed count against the provider's request limits? */
  failures_count?: boolean
  /** Its faults are made to order, for whoever asks: none says anything about its keys. */
  staged?: boolean
}

/** One way to serve a public model. */
export interface RouteSpec {
  provider: string
  /** The upstream's name for the model. */
  model: string
  weight: number
  /** Lower tiers first; a higher number only when those cannot serve within `fallback_after`. */
  tier: number
  limits: LimitSpec[]
  capabilities?: Capabilities
  price?: Price
}

export interface PoolSpec {
  /** The public name; `provider/model` for direct addressing. */
  model: string
  weight: number
  routes: RouteSpec[]
  limits: LimitSpec[]
  strategy?: string
}

export interface Needs {
  tools?: boolean
  vision?: boolean
  json_schema?: boolean
}

/** Tokens: what the input probably has, and what it has at least. */
export interface InputEstimate {
  input: number
  least: number
}

export interface AcquireRequest {
  /** Public model or `provider/model`. */
  model: string
  /** Estimated input, and the most the answer may have, in tokens; null when the client set no maximum. */
  input: number
  /** The least that the input can have; a part of the estimate when absent. */
  least?: number
  /** Of routes (`provider/model`) whose vendors count otherwise. */
  inputs?: Readonly<Record<string, InputEstimate>>
  maxOutput: number | null
  needs: Needs
  /** Who asks, for fairness; one anonymous client when absent. */
  client?: string
  /** Stable prefix or the client's own cache key, hashed by the caller. */
  affinity?: string
  /** That beginning is too short for any vendor's cache, so that it may go to any key. */
  short?: boolean
  /** Routes (`provider/model`) and keys of routes (a lease's id) that already failed this request. */
  exclude?: ReadonlySet<string>
  /** Patience in milliseconds; the configured default when absent. */
  maxWait?: number
  /** The client's request, the same for all its tries; each call is its own when absent. */
  id?: string
  /** Milliseconds since the request first arrived, so that a retry keeps its place and deadline. */
  waited?: number
  /** The longest Retry-After that this client obeys, in milliseconds; a minute when absent. */
  obeys?: number
  signal?: Cancellation
  /** Keep the candidates as they were at the choice, for `explain()` of the lease. */
  explain?: boolean
}

export interface Settlement extends TokenCounts {
  /** US dollars, where a price is known, or the provider told. */
  cost?: number
  /** Where a provider bills in them and says how many. */
  neurons?: number
}

export interface Failure {
  kind: ErrorKind
  /** Milliseconds, as the provider said. */
  retryAfter?: number
  /** Did any byte of an answer arrive (then the provider has counted the request)? */
  started: boolean
  /** What was used until the fault, where it is known. */
  used?: Settlement
}

/** What a provider said of a limit, in a header or a body, read by the format's `signals`. */
export interface LimitSignal {
  metric: Metric
  /** Window length in milliseconds, when the signal says which window it means. */
  period?: number
  limit?: number
  remaining?: number
  used?: number
  requested?: number
  /** Milliseconds from now until room (or a full window, see `resetMeans`). */
  reset?: number
  resetMeans?: 'full' | 'next' | 'window'
  /** The class that a refusal belongs to. */
  class?: 'minute' | 'day' | 'month' | 'money' | 'dead' | 'too-large' | 'shared'
  scope?: LimitScope
}

/** The right to send one request with one key. Settled or failed exactly once; a second call does nothing. */
export interface Lease {
  readonly provider: string
  /** The upstream's name for the model. */
  readonly model: string
  /** The key's name. */
  readonly key: string
  /** `provider/model#key`, for `exclude`. */
  readonly id: string
  /** Milliseconds spent in the queue. */
  readonly waited: number
  /** Its key is full by what is known: it asks for all who wait, and a refusal is no fault of the request. */
  readonly asks: boolean
  /** Why this key: the candidates in order, for `x-explain`; empty in a worker unless the request said `explain`. */
  explain(): CandidateReport[]
  /** The first byte of the answer came, `elapsed` milliseconds after it was sent. */
  started(elapsed: number): void
  observe(signals: readonly LimitSignal[]): void
  /** More of the answer came: however long it takes, it is not given up (see `lease_ttl`). */
  alive(): void
  settle(used: Settlement): void
  fail(failure: Failure): void
}

/** One that was given ahead of its request. */
export interface UnsentLease extends Lease {
  /** Nothing was sent and nothing is learnt. */
  withdraw(): void
}

export interface CandidateReport {
  key: string
  provider: string
  model: string
  tier: number
  /** Milliseconds until this candidate could take the request; 0 now, null never. */
  eta: number | null
  /** `ready`, or which limit, cool-down or fault holds it back, for people. */
  reason: string
}

export interface Scheduler {
  /**
   * Waits for the first moment when a key may take the request. Throws a GatewayError: `unknown_model`, `unsupported`
   * (no route can), `too_large` (no key's limits ever admit it), `queue_full` (429 with a true `retryAfter` and
   * `extra.keys`; 503 when no key is in service), `client_limit` (429: what the client itself may), `cancelled`, `shutting_down`.
   */
  acquire(request: AcquireRequest): Promise<Lease>
  /** Up to `count` leases for requests like this one that are about to come, where room is so ample that nobody misses them. */
  ahead?(request: AcquireRequest, count: number): UnsentLease[]
  /** State of every scope, for people and for tests; a promise where another process owns it. */
  report(): SchedulerReport | Promise<SchedulerReport>
  /** Who waits: at most `most` of each queue, those that are due first. */
  waiting(most: number): WaitingReport[] | Promise<WaitingReport[]>
  /** False when there is no such key. */
  adjustKey(key: string, change: KeyChange): boolean | Promise<boolean>
  close(): void
}

/** What an administrator changes of a key while it serves. What is absent stays as it is. */
export interface KeyChange {
  /** Takes it out of service, or puts it back, which also ends its rests and a retirement. */
  enabled?: boolean
  /** It gets no request until then: milliseconds since the epoch; 0 ends that. */
  restsUntil?: number
  /** Relative to other keys, above 0; null: as the configuration says. */
  weight?: number | null
}

export interface SchedulerReport {
  inFlight: number
  queued: number
  /** `nextFree`, and `fullIn` if nobody else came, in milliseconds: 0 now, Infinity when no time but an event frees it. */
  scopes: {
    scope: string
    kind: LimitScope
    /** The public model, or `provider/model`, where the limit is of one. */
    model?: string
    limit: string
    level: number
    amount: number
    nextFree: number
    fullIn: number
    learnt?: string
  }[]
  /** What is not asked now, since it was refused or failed; `until` on the wall clock, where a time ends it. */
  rests: { scope: string; kind: LimitScope; model?: string; until?: number; reason: string }[]
  keys: KeyReport[]
  pools: { model: string; queued: number; candidates: number }[]
  /** Of several replicas that share one state. */
  replicas?: ReplicaReport
}
