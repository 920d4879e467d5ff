/** For which requests room is kept until they come back, and where. */
import { demandOf } from '../select/pick.ts'
import type { Choice } from '../topology/key-group.ts'
import { createKeptRoom } from '../topology/kept-room.ts'
import type { SchedulerState } from '../state.ts'
import type { Waiting } from './waiting.ts'

/** Does its size alone make it wait longer than it may, on the key that can take it first? */
export function isLarge({ booking, deadline, arrived }: Waiting, least: number, now: number): boolean {
  const patience = deadline - arrived
  return (
    least > patience &&
    booking !== undefined &&
    booking.slot >= 0 &&
    booking.keyGroup.wait(booking.slot, null, now) <= patience
  )
}

/** The key on which room is kept for it until then. */
export function keepRoom(
  schedulerState: SchedulerState,
  item: Waiting,
  at: number,
  mark: string,
  now: number,
): Choice | undefined {
  const { booking } = item
  if (!booking || !isLarge(item, at - now, now)) return undefined
  const key = booking.keyGroup.key(booking.slot)
  if (key.kept && key.kept.until > now) return undefined
  key.kept = createKeptRoom(mark, demandOf(schedulerState, item, booking.keyGroup), at)
  return booking
}
