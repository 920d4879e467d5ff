/** The state that replicas share, as this one sees it; absent where there is none. */
import type { SchedulerReport } from '../scheduler/types.ts'
import { counter, gauge, histogram, labelled, type Family } from './metric-families.ts'

export function replicaFamilies(replicas: SchedulerReport['replicas']): Family[] {
  if (!replicas) return []
  const { state, replicas: living, ahead, refused, losses, roundTripSeconds } = replicas
  const { bounds, counts } = roundTripSeconds
  return [
    gauge('balanced_call_replicas', 'Replicas that live, this one among them.', [labelled({}, living.length)]),
    gauge('balanced_call_state_up', '1 while the shared state answers, 0 while this replica keeps to its share.', [
      labelled({}, state === 'shared' ? 1 : 0),
    ]),
    histogram('balanced_call_state_round_trip_seconds', 'Round trips to the shared state.', bounds, [[{}, counts]]),
    counter('balanced_call_state_leased_ahead_total', 'Requests served from units that were leased ahead.', [
      labelled({}, ahead),
    ]),
    counter('balanced_call_state_refused_total', 'Picks that other replicas had taken.', [labelled({}, refused)]),
    counter('balanced_call_state_losses_total', 'Times that the shared state went away: fallbacks to the share.', [
      labelled({}, losses),
    ]),
  ]
}
