/** Admits a request or refuses it, as a provider would: all of its limits at once, in the provider's own words. */
import type { Refusal } from '../error.ts'
import type { EnforcedLimit, Enforcement, Used, Window } from './types.ts'
import { dialectNamed } from './dialect.ts'
import type { LimitView } from './dialect.ts'
import { windowOf } from './windows.ts'

export interface Admission {
  /** What the answer's headers say of the limits. */
  headers: Record<string, string>
  /** Once, when the answer has ended: what it used in truth. Nothing that was used: the input alone. */
  settle(used: Used): void
}

export interface Enforcer {
  admit(call: { key: string; model: string }, input: number, maxTokens: number): Admission | { refusal: Refusal }
}

interface Counter {
  limit: EnforcedLimit
  window: Window
}

const DEFAULT_MAX_TOKENS = 1024

/** Throws Error for a dialect that `dialects.yaml` has not. */
export function enforcer(enforcement: Enforcement, now: () => number): Enforcer {
  const dialect = dialectNamed(enforcement.dialect)
  const scopes = new Map<string, Counter[]>()

  const countersOf = (account: string, model: string): Counter[] => {
    const scope = enforcement.perModel ? JSON.stringify([account, model]) : account
    let counters = scopes.get(scope)
    if (!counters) {
      const limits = enforcement.perAccount?.[account] ?? enforcement.limits
      counters = limits.map((limit) => ({ limit, window: windowOf(limit) }))
      scopes.set(scope, counters)
    }
    return counters
  }

  return {
    admit({ key, model }, input, maxTokens) {
      const account = enforcement.accounts?.[key] ?? key
      const time = now()
      if (enforcement.broke?.includes(account)) return { refusal: dialect.refuse('money', [], [], time) }
      const most = Number.isFinite(maxTokens) ? maxTokens : (enforcement.defaultMaxTokens ?? DEFAULT_MAX_TOKENS)
      const counters = countersOf(account, model)
      const costs = counters.map(({ limit }) => costOf(limit, input, most))
      const waits = counters.map(({ limit, window }, index) => window.wait(neededFor(limit, costs[index] ?? 0), time))
      if (waits.some((wait) => wait > 0)) {
        if (enforcement.countRefused) {
          for (const { limit, window } of counters) if (limit.metric === 'requests') window.take(1, time)
        }
        const all = counters.map((counter, index) => view(counter, costs[index] ?? 0, time))
        const hit = all.filter((_, index) => (waits[index] ?? 0) > 0).sort((one, other) => other.next - one.next)
        return { refusal: dialect.refuse(classOf(hit), hit, all, time) }
      }
      counters.forEach(({ window }, index) => window.take(costs[index] ?? 0, time))
      let settled = false
      return {
        headers: dialect.headers(
          counters.map((counter, index) => view(counter, costs[index] ?? 0, time)),
          time,
        ),
        settle(used) {
          if (settled) return
          settled = true
          const end = now()
          for (const [index, { limit, window }] of counters.entries()) {
            const surplus = (costs[index] ?? 0) - usedOf(limit, used)
            if (surplus > 0) window.give(surplus, time, end)
            else if (surplus < 0) window.take(-surplus, end)
          }
        },
      }
    },
  }
}

/** What is charged when the request comes in. */
function costOf({ metric, charge = 'reserve-max' }: EnforcedLimit, input: number, most: number): number {
  if (metric === 'requests' || metric === 'concurrency') return 1
  if (metric === 'input' || metric === 'uncached') return input
  if (charge === 'actual') return 0
  if (metric === 'output') return charge === 'input' ? 0 : most
  return charge === 'input' ? input : input + most
}

/** Where nothing is charged at the start, there must still be something left. */
const neededFor = (_limit: EnforcedLimit, cost: number): number => (cost === 0 ? 1 : cost)

/** What it comes to in the end. */
function usedOf({ metric, charge }: EnforcedLimit, used: Used): number {
  if (metric === 'requests') return 1
  if (metric === 'concurrency') return 0
  if (metric === 'uncached') return used.input - (used.cached ?? 0)
  if (metric === 'input' || (metric === 'tokens' && charge === 'input')) return used.input
  return metric === 'output' ? used.output : used.input + used.output
}

function view({ limit, window }: Counter, requested: number, now: number): LimitView {
  const remaining = window.remaining(now)
  return {
    metric: limit.metric,
    period: limit.period,
    limit: limit.amount,
    remaining: Math.max(0, remaining),
    used: limit.amount - remaining,
    requested,
    next: window.wait(requested, now),
    full: window.untilFull(now),
  }
}

const HOUR = 3_600_000

function classOf(hit: LimitView[]): 'too-large' | 'day' | 'minute' {
  if (hit.some(({ next }) => next === Number.POSITIVE_INFINITY)) return 'too-large'
  return hit.some(({ period }) => period > HOUR) ? 'day' : 'minute'
}
