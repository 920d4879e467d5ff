/** The one policy of what happens after a fault: who may try again, how often, for how long, and at what cost. */
import { KINDS, type ErrorKind, type GatewayError } from '../../chat/error.ts'
import type { RetryBudget } from './retry-budget.ts'

export interface FailoverOptions {
  /** Tries beside the first, of one request. */
  retries: number
  /** Milliseconds of trying after which no further try begins; 0 is no bound. */
  within: number
  /** Milliseconds a request waits for its key again after its upstream answered 429: longer, and the client is told. */
  refusedWait: number
  /** Of all requests together: an ill upstream is not hit harder because it is ill. */
  traffic: RetryBudget
}

export interface Tried {
  /** Tries that were sent, this one included. */
  tries: number
  /** Milliseconds since the first. */
  elapsed: number
  /** May the vendor have seen the request? */
  sent: boolean
  /** The model's operator wants the next tier asked after such a refusal. */
  fallsBack: boolean
}

export type Verdict =
  | { again: false }
  | { again: true; exclude: 'key' | 'dead key' | 'route' | 'tier' | 'nothing'; maxWait?: number }

/** Refusals that are about the model as much as about the request. */
const ELSEWHERE: ReadonlySet<ErrorKind> = new Set(['unsupported', 'too_large'])

const STOP: Verdict = { again: false }

/**
 * | fault | next try |
 * |---|---|
 * | the client's own, or the client gone | none |
 * | this provider's format cannot write the request; nothing was sent | another provider, at no cost |
 * | this provider does not have the model | another provider |
 * | the request is too long, or refused for its content, and the model says `on` that | the next tier |
 * | this model cannot do it, or the request is more than it takes at once | another route |
 * | a limit met | the key that is due first, the same one included: the scheduler knows when |
 * | the key is dead (refused, out of quota), or what the request names is another account's | another key, never the same again |
 * | the upstream is ill (network, timeout, 5xx, nonsense) | another key, then route, then tier, out of the traffic budget |
 */
export function judge(error: GatewayError, tried: Tried, options: FailoverOptions): Verdict {
  const { retry, blame } = KINDS[error.kind]
  if (error.kind === 'unsupported' && !tried.sent) return { again: true, exclude: 'route' }
  // what this model cannot do, or what is more than it takes at once, another route may
  if (retry === 'never' && ELSEWHERE.has(error.kind) && tried.tries <= options.retries)
    return { again: true, exclude: 'route' }
  if ((retry === 'never' && !tried.fallsBack) || tried.tries > options.retries) return STOP
  if (options.within > 0 && tried.elapsed >= options.within) return STOP
  if (tried.fallsBack) return { again: true, exclude: 'tier' }
  if (retry === 'provider') return { again: true, exclude: 'route' }
  if (blame === 'limit') return { again: true, exclude: 'nothing', maxWait: options.refusedWait }
  if (blame === 'dead' || error.kind === 'kept_elsewhere') return { again: true, exclude: 'dead key' }
  if (!options.traffic.take()) return STOP
  return { again: true, exclude: 'key' }
}
