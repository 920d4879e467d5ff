/** How candidates are ranked: the one of the lowest score that may take the request gets it. */

import type { Price } from '../../../chat/price.ts'

/** What a strategy may look at. One object serves all calls: do not keep it. */
export interface StrategyView {
  provider: string
  /** The upstream's name. */
  model: string
  key: string
  /** Key × route × provider. */
  weight: number
  /** Requests under way with this key. */
  inFlight: number
  /** Latency in multiples of what is usual for the model; 0 before the first answer. */
  slowness: number
  /** Milliseconds that the model usually takes for a short answer; 0 before the first. */
  latency: number
  price: Price | undefined
  /** Weighted turns taken so far: the score of `weighted-fair`. */
  virtual: number
  /** The instant (monotonic milliseconds) at which unspent quota is lost; Infinity where none is. */
  expires: number
}

/** Lower is better; equal scores are settled by weighted turns. Asked again whenever the candidate's state changes. */
export type Strategy = (candidate: StrategyView) => number
