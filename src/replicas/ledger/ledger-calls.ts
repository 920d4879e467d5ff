/** What the ledger is asked of limits, and what it tells. */

export type SharedShape = 'bucket' | 'sliding' | 'fixed' | 'places'

/** One limit as the server is to see it. Milliseconds; units of the metric. */
export interface SharedLimit {
  /** Where the server keeps it. */
  key: string
  shape: SharedShape
  amount: number
  period: number
  /** How far apart the network may move two requests. */
  guard: number
  /** What a full bucket holds. */
  capacity: number
  /** Of fixed windows: start and end of the one that holds this moment, and the end of the next one. */
  frame: readonly [from: number, to: number, next: number]
  /** Is a unit no whole thing, as a request or token is? */
  isMoney?: boolean
}

export interface Charge extends SharedLimit {
  /** Units that must be free, and those that are charged. */
  need: number
  cost: number
  /** Units to lend beside them, where there is plenty, and for how many milliseconds. */
  ahead?: number
  life?: number
}

export interface Refund extends SharedLimit {
  /** When it was charged, as `acquire` told. */
  mark: number
  /** Units to give back there; fewer than none charges more. */
  back: number
  /** Units to charge now. */
  more: number
}

/** One that is held, and the milliseconds for which it is kept. */
export interface Place {
  key: string
  lease: string
  ttl: number
}

/** What the server knows of a limit: numbers of its window, as `Window.load` reads them, or how many places are taken. */
export interface SharedState {
  key: string
  shape: SharedShape
  /** Of the server's clock, in milliseconds. */
  mark: number
  /** By the clock of this process; absent where there is plenty. */
  state: number[] | undefined
  /** Units that may be used within so many milliseconds of the call. */
  lent?: { units: number; life: number; mark: number }
}

export interface Told {
  /** The server's clock, in milliseconds since 1970. */
  at: number
  /** Changes when another server answers, or the same one after a restart. */
  born: string
  states: SharedState[]
}

export interface Acquired extends Told {
  /** Which candidate was taken; none: -1. */
  taken: number
  /** Milliseconds until the limit at `worst`, counted over all candidates, has room; 0 when one was taken. */
  wait: number
  worst: number
  /** Of the candidate that was taken. */
  own: SharedState[]
}
