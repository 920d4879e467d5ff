/** The one policy of what happens after a fault: who may try again, how often, and for how long. */
import { KINDS, type GatewayError } from '../chat/error.ts'

export interface FailoverOptions {
  /** Tries beside the first. */
  retries: number
  /** Milliseconds since the request arrived, after which no further try begins; 0 is no bound. */
  budget: number
  /** Milliseconds a request waits for its key again after its upstream answered 429: longer, and the client is told. */
  refusedWait: number
}

export type Verdict = { again: false } | { again: true; exclude: 'key' | 'provider' | 'nothing'; maxWait?: number }

/**
 * - the client's own fault, or the client gone: never again
 * - a limit met: the same key may serve, once its time has come; the scheduler knows when
 * - a model that one provider does not have: another provider
 * - everything else before the first token: another key
 */
export function judge(error: GatewayError, tries: number, elapsed: number, options: FailoverOptions): Verdict {
  const { retry, blame } = KINDS[error.kind]
  if (retry === 'never' || tries > options.retries) return { again: false }
  if (options.budget > 0 && elapsed >= options.budget) return { again: false }
  if (retry === 'provider') return { again: true, exclude: 'provider' }
  if (blame === 'limit') return { again: true, exclude: 'nothing', maxWait: options.refusedWait }
  return { again: true, exclude: 'key' }
}
