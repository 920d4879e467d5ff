/** One limit, as an upstream enforces it and as a configuration declares it. */
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { formatFor } from './dialect.ts'
import type { Load } from './overload.ts'

export const KEYS = ['a', 'b', 'c']

type Pair = Pick<Load, 'sandbox' | 'provider' | 'config'>

/** @param resets of a day: `00:00 America/Los_Angeles` */
export function truthful(limit: EnforcedLimit, resets?: string): Pair {
  const { metric, amount, period, shape, charge } = limit
  const declared =
    metric === 'concurrency'
      ? { concurrency: amount }
      : { [metric]: amount, per: resets ? 'day' : period, charge, ...(resets ? { resets } : { shape }) }
  return {
    sandbox: { enforce: { dialect: 'openai', limits: [limit] } },
    provider: { format: 'openai', keys: KEYS, limits: [declared] },
  }
}

/** Declared 30 % too high, where the answers' headers tell the truth: of a minute, whose name every dialect knows. */
export function tooHigh(dialect: string, limit: Omit<EnforcedLimit, 'period'>): Pair {
  const { metric, amount, shape, burst } = limit
  const { format, formats = {} } = formatFor(dialect)
  return {
    sandbox: { enforce: { dialect, limits: [{ ...limit, period: 60_000 }] } },
    provider: {
      format,
      keys: KEYS,
      limits: [{ [metric]: 1.3 * amount, per: 'minute', shape, ...(burst && { burst: 1.3 * burst }) }],
    },
    config: { formats },
  }
}
