import type { Provider } from './topology/provider.ts'
import type { SchedulerState } from './state.ts'

/** All keys of a provider may have room again: whoever waits is looked at afresh at the next wake. */
export function releaseAll(schedulerState: SchedulerState, provider: Provider, now: number): void {
  for (const keyGroup of provider.keyGroups) for (const { slot } of provider.keys) keyGroup.refresh(slot, now)
  for (const pool of schedulerState.pools.values()) for (const item of pool.blocked) item.notBefore = 0
}
