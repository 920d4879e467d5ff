/** Gauges of keys: how many are in which state, and how long those that rest still do. */
import type { SchedulerReport } from '../scheduler/types.ts'
import { gauge, labelled, type Family } from './metric-families.ts'

/** Told for each provider, so that a rule sees a zero and not a gap. */
const STATES = ['ready', 'slow', 'cooling', 'probing', 'retired', 'disabled']

/** Keys that are told one by one; whoever has more looks at the states. */
const MOST = 1000

/** @param wall milliseconds since the epoch */
export function keyFamilies(keys: SchedulerReport['keys'], wall: number): Family[] {
  const states = new Map<string, Map<string, number>>()
  for (const { provider, state } of keys) {
    const counts = states.get(provider) ?? new Map(STATES.map((each) => [each, 0]))
    counts.set(state, (counts.get(state) ?? 0) + 1)
    states.set(provider, counts)
  }
  const resting = keys.filter(({ until }) => until !== undefined && until > wall).slice(0, MOST)
  return [
    gauge(
      'balanced_call_keys',
      'Keys by state: only ready and slow ones take requests; probing ones one, to see.',
      [...states].flatMap(([provider, counts]) => [...counts].map(([state, n]) => labelled({ provider, state }, n))),
    ),
    gauge(
      'balanced_call_key_rest_seconds',
      'How long a key still rests that is cooling or retired; of at most 1000 keys.',
      resting.map(({ key, provider, until = wall }) => labelled({ provider, key }, (until - wall) / 1000)),
    ),
  ]
}
