/** What an administrator changes of a key while it serves. */
import type { SchedulerState } from './state.ts'
import { weightOf, type Key } from './topology/provider.ts'
import type { KeyChange } from './types.ts'

/** Why a key rests that was set to. */
export const SET_TO_REST = 'set to rest by an administrator'

/** @returns the keys of that name, which may have room again */
export function adjustKeys(schedulerState: SchedulerState, name: string, change: KeyChange): Key[] {
  const now = schedulerState.clock.now()
  const { enabled, restsUntil, weight } = change
  const keys = [...schedulerState.providers.values()].flatMap((provider) =>
    provider.keys.filter(({ spec }) => spec.name === name),
  )
  for (const key of keys) {
    schedulerState.changes?.keys.add(key)
    if (enabled !== undefined) enable(key, enabled)
    if (restsUntil !== undefined) key.restsUntil = restsUntil - schedulerState.offset
    if (weight !== undefined) reweigh(key, weight ?? key.spec.weight, now)
  }
  return keys
}

function enable(key: Key, enabled: boolean): void {
  key.disabled = !enabled
  if (!enabled) return
  key.retirement = undefined
  key.restsUntil = 0
  key.scope.until = 0
  for (const model of key.provider.models.values()) {
    const keyModel = model.keyModels.get(key.slot)
    if (keyModel) Object.assign(keyModel, { retirement: undefined, breaker: undefined })
  }
}

/** @param weight above 0 */
export function reweigh(key: Key, weight: number, now: number): void {
  const before = key.weight
  if (weight === before) return
  const { provider } = key
  key.weight = weight
  provider.weight = weightOf(provider.spec, provider.keys)
  for (const keyGroup of provider.keyGroups) keyGroup.reweigh(key.slot, before, now)
}
