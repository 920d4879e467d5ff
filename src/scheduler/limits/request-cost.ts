/** What one request will cost on one route, metric by metric, before and after it ran. */
import { costOf as priceOf, type Price } from '../../chat/price.ts'
import type { LimitSpec, Settlement } from '../types.ts'

/** Estimates in tokens, corrected by what this model and client have used before. */
export interface Demand {
  input: number
  /** The most that the answer may have, or what the provider will assume. */
  reserve: number
  /** What the answer will probably have. */
  output: number
  /** The part of the input that the provider's cache will probably serve. */
  cached: number
  price: Price | undefined
}

/** What a limit is charged when the request is sent. */
export function costOf(spec: LimitSpec, demand: Demand): number {
  switch (spec.metric) {
    case 'requests':
    case 'concurrency':
      return 1
    case 'input':
      return demand.input
    case 'uncached':
      return demand.input - demand.cached
    case 'output':
      return spec.charge === 'reserve-max' ? demand.reserve : demand.output
    case 'tokens':
      if (spec.charge === 'input') return demand.input
      return demand.input + (spec.charge === 'predicted' || spec.charge === 'actual' ? demand.output : demand.reserve)
    case 'usd':
      return dollars(demand.price, demand.input, demand.output)
    case 'neurons':
      return 0
  }
}

/** The room that a limit must have. Where the provider counts at the end, it admits as long as anything is left. */
export function needOf(spec: LimitSpec, demand: Demand): number {
  const cost = costOf(spec, demand)
  return spec.charge === 'actual' ? Math.min(cost, 1) : cost
}

/** What a limit should have been charged, now that the use is known. Null where that is the cost itself. */
export function actualOf(spec: LimitSpec, used: Settlement, demand: Demand): number | null {
  const input = used.input ?? demand.input
  const output = used.output ?? demand.output
  switch (spec.metric) {
    case 'requests':
    case 'concurrency':
      return null
    case 'input':
      return input
    case 'uncached':
      return input - Math.min(used.cached ?? 0, input)
    case 'output':
      return output
    case 'tokens':
      return spec.charge === 'input' ? input : input + output
    case 'usd':
      return used.cost ?? dollars(demand.price, input, output)
    case 'neurons':
      return used.neurons ?? 0
  }
}

/** How much of the cost a provider counts only while the answer is produced, and so later than the request. */
export function lateCost(spec: LimitSpec, output: number): number {
  if (spec.charge !== 'predicted' && spec.charge !== 'actual') return 0
  return spec.metric === 'tokens' || spec.metric === 'output' ? output : 0
}

function dollars(price: Demand['price'], input: number, output: number): number {
  return price ? priceOf(price, { input, output }) : 0
}
