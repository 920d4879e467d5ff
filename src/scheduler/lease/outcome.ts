/** What the end of a request says about its key: health, cool-downs, retirements. */
import { KINDS } from '../../chat/error.ts'
import type { Failure, Settlement } from '../types.ts'
import { releaseAll } from '../release-all.ts'
import { abandonProbe, createBreaker, recordFault, recordSuccess } from '../health/breaker.ts'
import { inputOf } from './estimator.ts'
import { learnLatency } from '../health/latency.ts'
import { noteAnswer, noteFault } from '../health/incident.ts'
import { refutes } from '../limit-learning/doubt.ts'
import { noteSooner } from '../limit-learning/told-rest.ts'
import { noteAcceptedHold, noteUnansweredHold } from '../limit-learning/blind.ts'
import { noteStartAccepted } from '../limit-learning/window-start.ts'
import { coolRefused, LONGEST_TOLD } from '../limit-learning/refusal.ts'
import { acquitLimit } from '../limits/limit.ts'
import type { LeaseRecord } from './lease.ts'
import type { KeyModel } from '../topology/provider.ts'
import { scopesOfKey } from '../topology/key-scopes.ts'
import { keyModelOf, ownerOf } from '../topology/provider.ts'
import { retireAfter } from '../health/retire-key.ts'
import { ON_TRIAL } from '../topology/limit-scope.ts'
import type { SchedulerState } from '../state.ts'

/** However impatient clients are, an ill server is not asked more often than this. Milliseconds. */
const SHORTEST_LONGEST = 1000
/** Who is let in this much before the told moment shows that it was told wrong. Milliseconds. */
const CLOCKS_DIFFER = 1000

/** The first good sign of an answer, or its end: its key and its provider work. Returns whether more has room than was known. */
export function accepted(schedulerState: SchedulerState, lease: LeaseRecord, now: number): boolean {
  if (lease.accepted) return false
  lease.accepted = true
  const { keyGroup, slot, sent } = lease
  for (const hold of lease.holds) noteAcceptedHold(hold, now)
  noteStartAccepted(lease, now)
  const keyModel = keyGroup.model.keyModels.get(slot)
  const tried = keyModel !== undefined && sent >= keyModel.scope.refusedAt && keyModel.scope.refusals > 0
  if (tried) {
    if (sent < keyModel.scope.toldUntil - CLOCKS_DIFFER) noteSooner(keyGroup.provider.toldRests, now)
    keyModel.scope.toldUntil = -Infinity
    keyModel.scope.refusals = 0
    if (keyModel.scope.reason === ON_TRIAL) keyModel.scope.until = Math.min(keyModel.scope.until, now)
  }
  // It left after a refusal, and was let in before the next one came: they are not in a row.
  else if (keyModel && sent >= keyModel.scope.refusedSince && keyModel.scope.refusals > 1) {
    keyModel.scope.refusals = 1
    keyModel.scope.refusedSince = keyModel.scope.refusedAt
  }
  if (keyModel) keyModel.doubt = undefined
  const doubted = endDoubts(lease, now)
  return noteAnswers(schedulerState, lease, now) || tried || doubted
}

/** Rests that were told before this request left, and that its answer shows to be wrong. */
function endDoubts({ keyGroup, slot, keyState, sent, demand }: LeaseRecord, now: number): boolean {
  let ended = false
  for (const scope of scopesOfKey(keyGroup.model, keyState)) {
    if (refutes(scope.doubt, sent)) {
      scope.until = Math.min(scope.until, now)
      scope.doubt = undefined
      ended = true
    }
    for (const limit of scope.limits) {
      if (!refutes(limit.doubt, sent)) continue
      acquitLimit(limit, now)
      ended = true
    }
  }
  const keyModel = keyGroup.model.keyModels.get(slot)
  if (keyModel && demand.input + demand.reserve > keyModel.maxTokens) {
    keyModel.maxTokens = Infinity
    keyModel.tooLarge = undefined
  }
  return ended
}

function noteAnswers(schedulerState: SchedulerState, { keyGroup, sent }: LeaseRecord, now: number): boolean {
  const ended = [
    noteAnswer(keyGroup.provider.incident, sent, now),
    noteAnswer(keyGroup.model.incident, sent, now),
  ].includes(true)
  if (ended) releaseAll(schedulerState, keyGroup.provider, now)
  return ended
}

export function succeed(schedulerState: SchedulerState, lease: LeaseRecord, used: Settlement, now: number): void {
  const { keyGroup, slot, item } = lease
  const key = lease.keyState
  accepted(schedulerState, lease, now)
  const keyModel = keyGroup.model.keyModels.get(slot)
  if (keyModel?.breaker) recordSuccess(keyModel.breaker, lease.probes.breaker)
  // Who works is not dead; but an answer to a request that left before the refusal proves nothing.
  if (lease.probes.key) key.retirement = undefined
  if (keyModel && lease.probes.keyModel) keyModel.retirement = undefined
  schedulerState.estimator.learn(keyGroup.name, item.client.name, inputOf(item.request, keyGroup.name), used)
  const output = used.output ?? lease.demand.output
  const expected = 500 + (used.input ?? lease.demand.input) / 8 + (output * 1000) / 60
  const before = key.slowness
  key.slowness = learnLatency(keyGroup.model.latency, before, Math.max(lease.age(now), 1) / expected)
  if (before >= 3 && key.slowness < 3) for (const other of keyGroup.provider.keyGroups) other.forgive(slot)
}

/** Was it sent to see whether its key is refused: after a rest, to a key that was ill, or to one without known limits? */
export function isTrial({ keyGroup, slot, sent, probes, holds }: LeaseRecord): boolean {
  if (probes.key || probes.keyModel || probes.breaker) return true
  const scope = keyGroup.model.keyModels.get(slot)?.scope
  if (scope && scope.refusals > 0 && sent >= scope.refusedAt) return true
  return !holds.some(({ limit, scope: { kind } }) => limit.spec.period > 0 && kind !== 'client' && kind !== 'model')
}

export function fault(schedulerState: SchedulerState, lease: LeaseRecord, failure: Failure, now: number): void {
  const { keyGroup, slot } = lease
  if (!lease.accepted) for (const hold of lease.holds) noteUnansweredHold(hold)
  if (keyGroup.provider.spec.staged) return endProbes(lease)
  const key = lease.keyState
  const { blame } = KINDS[failure.kind]
  const told = lease.refusal?.class
  const model = (): KeyModel => keyModelOf(keyGroup.model, key, schedulerState.toWall, now)
  // Pauses that nobody told stay so short that a request which waits sees several of them end.
  const longest = Math.max(SHORTEST_LONGEST, schedulerState.settings.max_wait / 4)
  if (blame === 'dead' || told === 'money' || told === 'dead') retireAfter(lease, failure, model, now, longest)
  else if (blame === 'limit' && told !== 'shared')
    coolRefused(lease, failure, model, now, schedulerState.toWall, longest)
  else if (blame === 'ill' || blame === 'limit') {
    const state = model()
    const before = state.breaker && { ...state.breaker }
    state.breaker ??= createBreaker()
    recordFault(state.breaker, lease.probes.breaker, lease.item.origin, now, longest)
    if (failure.retryAfter) {
      const rest = Math.min(failure.retryAfter, LONGEST_TOLD)
      state.breaker.openUntil = Math.max(state.breaker.openUntil, now + rest)
    } else if (told === 'shared' && state.breaker.openUntil === 0) {
      state.breaker.openUntil = now + 1000
    }
    const undo = () => (state.breaker = before)
    const { sent, item } = lease
    const mark = {
      owner: ownerOf(key),
      owners: keyGroup.provider.owners,
      trouble: 'ill' as const,
      kind: failure.kind,
      sent,
      origin: item.origin,
      undo,
    }
    if (noteFault(keyGroup.model.incident, { ...mark, told: failure.retryAfter }, now, longest))
      releaseAll(schedulerState, keyGroup.provider, now)
    return endProbes(lease)
  }
  // The upstream answered, if only to refuse: it is there.
  const answered = blame === 'none' && failure.kind !== 'cancelled' && failure.kind !== 'shutting_down'
  if (answered) noteAnswers(schedulerState, lease, now)
  const breaker = keyGroup.model.keyModels.get(slot)?.breaker
  if (breaker && lease.probes.breaker) {
    if (answered) recordSuccess(breaker, true)
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
