/** All that a request with one key and one model counts against, and what that keeps the key from. */
import { UNDOUBTED } from '../limit-learning/doubt.ts'
import type { Demand } from '../limits/request-cost.ts'
import { keptWait } from './kept-room.ts'
import type { Scope } from './limit-scope.ts'
import { asksAt } from './limit-scope.ts'
import type { Key, ProviderModel } from './provider.ts'

/** Every scope of the provider's that a request with this key and model counts against, as far as they exist. */
export function* scopesOfKey(model: ProviderModel, key: Key): Generator<Scope> {
  yield key.scope
  yield key.provider.scope
  const own = model.keyModels.get(key.slot)
  if (own) yield own.scope
  if (!key.account) return
  yield key.account.scope
  const shared = model.accountScopes.get(key.account)
  if (shared) yield shared
}

/** Milliseconds for which a demand leaves a key to another that is to come back. */
export function keptFor(model: ProviderModel, key: Key, demand: Demand | null, now: number): number {
  return demand && key.kept ? keptWait(key.kept, scopesOfKey(model, key), demand, now) : 0
}

/** When the first of a key's rests is asked about, where it rests until then for long (monotonic ms). */
export function firstAsk(model: ProviderModel, key: Key, until: number, now: number): number {
  let first = Infinity
  if (until - now > UNDOUBTED) for (const scope of scopesOfKey(model, key)) first = Math.min(first, asksAt(scope, now))
  return first
}
