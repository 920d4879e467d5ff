/** What the end of a request says about its key: health, cool-downs, retirements. */
import { KINDS } from '../../chat/error.ts'
import type { Failure, Settlement } from '../types.ts'
import { abandonProbe, createBreaker, recordFault, recordSuccess } from '../health/breaker.ts'
import { learnLatency } from '../health/latency.ts'
import { recordAnswer } from '../health/provider-pause.ts'
import { coolRefused } from '../limit-learning/refusal.ts'
import type { LeaseRecord } from './lease.ts'
import type { KeyModel } from '../topology/provider.ts'
import { keyModelOf } from '../topology/provider.ts'
import { retireAfter } from '../health/retire-key.ts'
import type { SchedulerState } from '../state.ts'

export function succeed(schedulerState: SchedulerState, lease: LeaseRecord, used: Settlement, now: number): void {
  const { keyGroup, slot, item } = lease
  const key = lease.keyState
  const keyModel = keyGroup.model.keyModels.get(slot)
  if (keyModel?.breaker) recordSuccess(keyModel.breaker, lease.probes.breaker)
  // Who works is not dead; but an answer to a request that left before the refusal proves nothing.
  if (lease.probes.key) key.retirement = undefined
  if (keyModel) {
    if (lease.probes.keyModel) keyModel.retirement = undefined
    keyModel.scope.refusals = 0
  }
  recordAnswer(keyGroup.provider.refusals)
  schedulerState.estimator.learn(keyGroup.name, item.client.name, item.request.input, used)
  const output = used.output ?? lease.demand.output
  const expected = 500 + (used.input ?? lease.demand.input) / 8 + (output * 1000) / 60
  const before = key.slowness
  key.slowness = learnLatency(keyGroup.model.latency, before, Math.max(lease.age(now), 1) / expected)
  if (before >= 3 && key.slowness < 3) for (const other of keyGroup.provider.keyGroups) other.forgive(slot)
}

export function fault(schedulerState: SchedulerState, lease: LeaseRecord, failure: Failure, now: number): void {
  const { keyGroup, slot } = lease
  const key = lease.keyState
  const { blame } = KINDS[failure.kind]
  const told = lease.refusal?.class
  const model = (): KeyModel => keyModelOf(keyGroup.model, key, schedulerState.toWall, now)
  if (blame === 'dead' || told === 'money' || told === 'dead') retireAfter(lease, failure, model, now)
  else if (blame === 'limit' && told !== 'shared') coolRefused(lease, failure, model, now, schedulerState.toWall)
  else if (blame === 'ill' || blame === 'limit') {
    const state = model()
    state.breaker ??= createBreaker()
    recordFault(state.breaker, lease.probes.breaker, now)
    if (failure.retryAfter) {
      state.breaker.openUntil = Math.max(state.breaker.openUntil, now + failure.retryAfter)
    } else if (told === 'shared' && state.breaker.openUntil === 0) {
      state.breaker.openUntil = now + 1000
    }
    return endProbes(lease)
  }
  const breaker = keyGroup.model.keyModels.get(slot)?.breaker
  if (breaker && lease.probes.breaker) {
    // The upstream answered, if only to refuse: it is not ill.
    if (blame === 'none' && failure.kind !== 'cancelled') recordSuccess(breaker, true)
    else abandonProbe(breaker)
  }
  endProbes(lease)
}

/** A probe that ended in another way leaves the question open for the next request. */
function endProbes(lease: LeaseRecord): void {
  const keyModel = lease.keyGroup.model.keyModels.get(lease.slot)
  if (lease.probes.key && lease.keyState.retirement) lease.keyState.retirement.probing = false
  if (lease.probes.keyModel && keyModel?.retirement) keyModel.retirement.probing = false
}
