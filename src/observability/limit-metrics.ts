/** Gauges of limits: what is left of each, of how much, and how long until there is room. */
import type { SchedulerReport } from '../scheduler/types.ts'
import { gauge, labelled, type Family } from './metric-families.ts'

/** Limits that are told; beyond that a page would cost more to read than it tells. In the order of the configuration. */
const MOST = 1000

/** @param models models of the configuration: limits of others, which clients named, are left out */
export function limitFamilies(scopes: SchedulerReport['scopes'], models: ReadonlySet<string>): Family[] {
  const all = scopes.filter(({ model }) => model === undefined || models.has(model))
  const told = all.slice(0, MOST)
  const family = (name: string, help: string, value: (each: SchedulerReport['scopes'][number]) => number): Family =>
    gauge(
      name,
      help,
      told.map((each) => labelled({ scope: each.scope, limit: each.limit }, value(each))),
    )
  return [
    family('balanced_call_limit_available', 'What is left of a limit now.', ({ level }) => level),
    family(
      'balanced_call_limit_amount',
      'What a limit gives in its window, as declared or learnt.',
      ({ amount }) => amount,
    ),
    family(
      'balanced_call_limit_wait_seconds',
      'Until a limit has room for the smallest request; +Inf where only the end of another request frees it.',
      ({ nextFree }) => nextFree / 1000,
    ),
    gauge('balanced_call_limits_untold', 'Limits beyond those of which the gauges above tell.', [
      labelled({}, all.length - told.length),
    ]),
  ]
}
