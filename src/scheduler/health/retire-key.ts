/** Credentials or money refused: the key, its account, or the key with this model is off until a probe says otherwise. */
import type { Failure } from '../types.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Key, KeyModel, Provider } from '../topology/provider.ts'
import { ownerOf } from '../topology/provider.ts'
import { noteFault } from './incident.ts'
import type { Retirement } from './retirement.ts'
import { DEATHS, retire } from './retirement.ts'

/** More keys off than this share of a provider's are too many to leave off for long. */
const SPARE_SHARE = 0.1

export function retireAfter(
  lease: LeaseRecord,
  failure: Failure,
  model: () => KeyModel,
  now: number,
  longest: number,
): void {
  const key = lease.keyState
  const { provider } = lease.keyGroup
  const clear = lease.refusal?.class === 'money' || lease.refusal?.class === 'dead'
  const money = failure.kind === 'quota' || lease.refusal?.class === 'money'
  const least = Math.max(failure.retryAfter ?? 0, lease.refusal?.reset ?? 0)
  const reason = DEATHS[money ? 'quota' : failure.kind === 'permission' ? 'permission' : 'authentication']
  const fault = {
    owner: ownerOf(key),
    owners: provider.owners,
    kind: failure.kind,
    sent: lease.sent,
    origin: lease.item.origin,
    told: failure.retryAfter,
  }
  // A 402 or 403 may be about one request: its size, its words. Only a second one is about the key.
  const state = model()
  if (!clear && failure.kind !== 'authentication' && !lease.probes.key && !lease.probes.keyModel) {
    const { doubt } = state
    if (doubt === undefined || doubt === fault.origin) {
      state.doubt = fault.origin
      const undo = () => (state.doubt = undefined)
      if (!money) noteFault(lease.keyGroup.model.incident, { ...fault, trouble: 'dead', undo }, now, longest)
      return
    }
  }
  // A 403 is often about one model that a key may not use.
  if (failure.kind === 'permission' && !money) {
    const before = state.retirement
    const undo = () => (state.retirement = before)
    state.retirement = retire(before, reason, now, least, true)
    noteFault(lease.keyGroup.model.incident, { ...fault, trouble: 'dead', undo }, now, longest)
    return
  }
  // Money is the account's; so is everything else that its other keys would learn one by one.
  const keys: readonly Key[] = money && key.account ? key.account.keys : [key]
  const before = keys.map(({ retirement }) => retirement)
  for (const each of keys) each.retirement = retire(each.retirement, reason, now, least, scarce(provider, each, now))
  const undo = () => {
    for (const [index, each] of keys.entries()) each.retirement = before[index]
  }
  if (money) return
  noteFault(provider.incident, { ...fault, trouble: 'dead', undo }, now, longest)
}

/** Would more than a few keys be off for long with this one? */
function scarce({ keys }: Provider, key: Key, now: number): boolean {
  const off = keys.filter((each) => each !== key && isOff(each.retirement, now)).length
  return off + 1 > SPARE_SHARE * keys.length
}

function isOff(retirement: Retirement | undefined, now: number): boolean {
  return retirement !== undefined && retirement.until > now
}
