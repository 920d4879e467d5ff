/** What happens when the machine's clock is set. */
import { hear } from './limits/limit.ts'
import { places } from './persistence/scope-address.ts'
import type { SchedulerState } from './state.ts'

/** The clocks drift by less than this between two looks; more is a jump. Milliseconds. */
const JUMP = 1000

/** Follows a wall clock that was set. Calendar windows may now end sooner or later, so every sleeper is looked at. */
export function followClock(schedulerState: SchedulerState, now: number): void {
  const offset = schedulerState.clock.wall() - now
  if (Math.abs(offset - schedulerState.offset) < JUMP) return
  schedulerState.offset = offset
  // Which of the two times was right nobody knows: a window that was over, and goes on, is asked about.
  for (const { scope } of places(schedulerState)) {
    for (const limit of scope.limits) hear(limit, limit.window.recounted?.(now) ?? 0, now)
  }
  for (const pool of schedulerState.pools.values()) {
    for (const keyGroup of pool.keyGroups) keyGroup.rouseAll(now)
    for (const item of pool.blocked) item.notBefore = 0
  }
}
