/** A limit of this replica's scheduler as the shared ledger sees it, and what the ledger says of it put into its window. */
import { Bucket } from '../scheduler/limits/bucket.ts'
import { Concurrency } from '../scheduler/limits/concurrency.ts'
import { Fixed } from '../scheduler/limits/fixed.ts'
import type { Limit } from '../scheduler/limits/limit.ts'
import { limitId } from '../scheduler/limits/limit.ts'
import { jitterGuard } from '../scheduler/limits/window.ts'
import type { Scope } from '../scheduler/topology/limit-scope.ts'
import type { SharedLimit } from './ledger/ledger-calls.ts'

const NO_FRAME = [0, 0, 0] as const

/** The same in every replica. */
export function nameOf(scope: Scope, limit: Limit): string {
  return `${scope.kind}:${scope.name}:${limitId(limit.spec)}`
}

/** @param wall now, by the server's clock */
export function sharedLimit(key: string, { window, spec }: Limit, wall: number): SharedLimit {
  const { amount } = window
  const common = {
    key,
    amount,
    period: spec.period,
    guard: jitterGuard(spec.period),
    capacity: amount,
    frame: NO_FRAME,
    isMoney: spec.metric === 'usd' || spec.metric === 'neurons',
  }
  if (window instanceof Concurrency) return { ...common, shape: 'places' }
  if (window instanceof Bucket) return { ...common, shape: 'bucket', capacity: window.capacity }
  if (window instanceof Fixed) return { ...common, shape: 'fixed', frame: window.frames(wall) }
  return { ...common, shape: 'sliding' }
}

/** Units that are free by what `Window.save` told earlier, had nothing been taken since. @param wall now, by this process's clock */
export function freeOf(limit: SharedLimit, state: readonly number[] | null, wall: number): number {
  const { shape, amount, period, guard, capacity, frame } = limit
  if (!state) return capacity
  const [at = 0, units = 0] = state
  if (shape === 'bucket') return Math.min(capacity, units + (Math.max(0, wall - at) * amount) / period)
  if (shape === 'fixed') return at === frame[0] ? amount - units : amount
  let used = 0
  for (let index = 0; index < state.length; index += 2)
    if ((state[index] ?? 0) > wall - period - guard) used += state[index + 1] ?? 0
  return amount - used
}
