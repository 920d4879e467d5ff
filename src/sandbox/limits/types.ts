/** What a provider enforces, as the judge of others' admission sees it: shares no code with the scheduler. */

/** `uncached` is input less what was read from a cache; the whole input is charged until that is known. */
export type Metric = 'requests' | 'tokens' | 'input' | 'output' | 'uncached' | 'concurrency'

/** Tokens that an answer used; `cached` is a part of `input`. */
export interface Used {
  input: number
  cached?: number
  output: number
}
export type Shape = 'bucket' | 'sliding' | 'fixed' | 'calendar'

/** `reserve-max` and `predicted`: input and the most that may come, at admission, and what was not used is given back. */
export type Charge = 'reserve-max' | 'input' | 'predicted' | 'actual'

export interface EnforcedLimit {
  metric: Metric
  amount: number
  /** Milliseconds; 0 for concurrency. */
  period: number
  /** `bucket` when absent. */
  shape?: Shape
  /** `reserve-max` when absent, where the metric is tokens. */
  charge?: Charge
  resets?: Resets
  /** The most that a full bucket holds; the amount when absent. */
  burst?: number
}

/** When a calendar window begins: weeks on Monday, months on the first. */
export interface Resets {
  unit: 'hour' | 'day' | 'week' | 'month'
  /** `HH:MM`, local time. */
  at: string
  /** `America/Los_Angeles`. */
  zone: string
}

export interface Enforcement {
  /** A name of `dialects.yaml`. */
  dialect: string
  /** For each account apart. */
  limits: readonly EnforcedLimit[]
  /** API key → account; a key is its own account when absent. */
  accounts?: Readonly<Record<string, string>>
  /** Limits of some accounts, instead of those for all. */
  perAccount?: Readonly<Record<string, readonly EnforcedLimit[]>>
  /** Has each model limits of its own? */
  perModel?: boolean
  /** Are requests that were refused counted against the request limits too? */
  countRefused?: boolean
  /** Tokens reserved for an answer when the request sets no maximum. */
  defaultMaxTokens?: number
  /** Accounts whose credit is spent. */
  broke?: readonly string[]
}

/** One limit's state. All times are milliseconds since 1970, all waits milliseconds. */
export interface Window {
  /** What is charged now; may go below zero when more was used than was reserved. */
  take(amount: number, now: number): void
  /** Gives back what was taken at `taken`, where that still counts. */
  give(amount: number, taken: number, now: number): void
  remaining(now: number): number
  /** Until `amount` fits; Infinity where it never can. */
  wait(amount: number, now: number): number
  /** Until all of it is free again. */
  untilFull(now: number): number
}
