/** Credentials or money refused: the key, its account, or the key with this model is off until a probe says otherwise. */
import type { Failure } from '../types.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Key, KeyModel } from '../topology/provider.ts'
import { cool } from '../topology/scope.ts'
import { recordRefusal } from './provider-pause.ts'
import { retire } from './retirement.ts'

export function retireAfter(lease: LeaseRecord, failure: Failure, model: () => KeyModel, now: number): void {
  const key = lease.keyState
  const money = failure.kind === 'quota' || lease.refusal?.class === 'money'
  const least = Math.max(failure.retryAfter ?? 0, lease.refusal?.reset ?? 0)
  const reason = money
    ? 'no money or quota left'
    : failure.kind === 'permission'
      ? 'not allowed'
      : 'credentials refused'
  // A 403 is often about one model that a key may not use.
  if (failure.kind === 'permission' && !money) {
    const state = model()
    state.retirement = retire(state.retirement, reason, now, least)
    return
  }
  // Money is the account's; so is everything else that its other keys would learn one by one.
  const keys: readonly Key[] = money && key.account ? key.account.keys : [key]
  const before = keys.map(({ retirement }) => retirement)
  for (const each of keys) each.retirement = retire(each.retirement, reason, now, least)
  if (money) return
  const undo = () => {
    for (const [index, each] of keys.entries()) each.retirement = before[index]
  }
  const pause = recordRefusal(lease.keyGroup.provider.refusals, key, true, now, undo)
  if (pause > 0) cool(lease.keyGroup.provider.scope, now + pause, `${reason} for most keys within seconds`)
}
