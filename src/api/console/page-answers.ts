/** What the page is answered, as JSON. Types alone, of files that import nothing of Node's: the browser's side has the same. */
import type { LoggedRequest } from '../../gateway/logged-request.ts'
import type { KeyReport, WaitingReport } from '../../scheduler/reported.ts'

export type { AttemptRecord, RecordedBodies } from '../../gateway/logged-request.ts'
export type { KeyReport, WaitingReport } from '../../scheduler/reported.ts'

/** The pool at one moment. Milliseconds; null for what no time but an event brings. */
export interface Picture {
  /** Milliseconds since the epoch, by the server's clock. */
  at: number
  inFlight: number
  queued: number
  /** Of more keys than are shown: how many there are. */
  keyCount: number
  keys: KeyReport[]
  scopes: LimitState[]
  rests: Rest[]
  pools: { model: string; queued: number; candidates: number }[]
  waiting: WaitingReport[]
  /** Of several replicas that share one state. */
  replicas?: { state: string; replicas: string[] }
}

export interface LimitState {
  scope: string
  kind: string
  /** The public model, or `provider/model`, where the limit is of one. */
  model?: string
  /** `requests/60s`. */
  limit: string
  level: number
  amount: number
  nextFree: number | null
  /** Until all of it is free, if nobody else came. */
  fullIn: number | null
  learnt?: string
}

/** What was refused or failed, and is not asked until then. */
export interface Rest {
  scope: string
  kind: string
  model?: string
  /** Milliseconds since the epoch. */
  until?: number
  reason: string
}

/** One group within one step. Milliseconds, tokens, US dollars. */
export interface TrafficPoint {
  at: number
  /** Empty for none. */
  name: string
  requests: number
  errors: number
  /** Those that waited for a key and were answered: without the queue, each would have been a 429. */
  spared: number
  /** Tries that a provider refused with 429. */
  refused: number
  first_p50: number | null
  first_p95: number | null
  queue_ms: number
  input_tokens: number
  output_tokens: number
  cost: number
}

export interface TrafficAnswer {
  since: number
  until: number
  step: number
  data: TrafficPoint[]
}

export interface ConfigFile {
  file: string
  /** Secrets are masked. */
  text: string
  /** Of the file as it is: whoever changes it says which one was seen. */
  version: string
  /** May it be changed from here (`server.ui: edit`)? */
  editable: boolean
}

/** Lines and columns from 1. */
export interface ConfigProblem {
  line: number
  column: number
  message: string
  excerpt: string
}

/** The vendor's request, secrets masked. */
export interface ConvertedRequest {
  provider: string
  model: string
  method: string
  url: string
  headers: Record<string, string>
  body: unknown
  /** What was left out or changed for it. */
  warnings: string[]
}

/** While a plan is reckoned. */
export interface PlanProgress {
  /** How often the traffic has run through the scheduler. */
  runs: number
  requests: number
}

/** What the configuration would do with traffic of before. */
export interface PlanAnswer {
  model: string
  requests: number
  /** From the first to the last. */
  seconds: number
  /** Percentage that was served. */
  goodput: number
  failed: number
  /** Of those that failed, by status. */
  statuses: Record<string, number>
  /** Requests that upstreams refused with 429. */
  refused: number
  /** Seconds. */
  wait: { p50: number; p99: number; longest: number }
  keys: { key: string; served: number; refused: number; tightest?: { limit: string; percentage: number } }[]
  target?: {
    percentage: number
    reached: boolean
    remedies: (
      | { add: 'keys'; provider: string; more?: number; most: number }
      | { add: 'limits'; factor?: number; most: number }
    )[]
  }
  /** Of the log: how many got no answer then, and are taken to be as large as the middle one that did. */
  supposed?: number
  /** Of the log: there were more, and these are the newest. */
  newest?: number
  /** Only the built-in upstream is live, which has no limits. */
  embedded: boolean
}

/** A row of the log. */
export interface StoredRecord extends LoggedRequest {
  number: number
  /** Milliseconds since the epoch, when it came. */
  at: number
  trail: NonNullable<LoggedRequest['trail']>
}
