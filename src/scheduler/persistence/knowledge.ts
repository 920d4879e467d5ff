/** What replicas tell each other of keys and limits: rests, retirements, switches, learnt limits. Windows they share already. */
import type { LeaseRecord } from '../lease/lease.ts'
import type { SchedulerState } from '../state.ts'
import { restore } from './restore.ts'
import { placeAt, placesOfSlot } from './scope-address.ts'
import { entryOf, type Entry, type LimitEntry } from './snapshot.ts'

/** By address; an entry with nothing in it says that nothing holds the place back. */
export type Knowledge = Record<string, Entry>

export function knowledgeOf(schedulerState: SchedulerState, { pool, keyGroup, slot }: LeaseRecord): Knowledge {
  const now = schedulerState.clock.now()
  const known: Knowledge = {}
  for (const place of placesOfSlot(pool, keyGroup, slot)) {
    const entry = entryOf(schedulerState, place, now) ?? { wall: schedulerState.toWall(now) }
    const limits = Object.entries(entry.limits ?? {}).flatMap(([id, { until, learnt, spec }]) =>
      until === undefined && !learnt ? [] : [[id, told({ until, learnt, spec } as LimitEntry)] as const],
    )
    delete entry.limits
    known[place.address] = limits.length > 0 ? { ...entry, limits: Object.fromEntries(limits) } : entry
  }
  return known
}

function told({ until, learnt, spec }: LimitEntry): LimitEntry {
  return { ...(until !== undefined && { until }), ...(learnt && { learnt }), ...(spec && { spec }) }
}

/** Takes over what is told, also that a rest or a retirement is over. */
export function heed(schedulerState: SchedulerState, knowledge: Knowledge): void {
  const now = schedulerState.clock.now()
  for (const [address, { until, retirement }] of Object.entries(knowledge)) {
    const place = placeAt(schedulerState, address)
    if (!place) continue
    if (until === undefined) place.scope.until = Math.min(place.scope.until, now)
    if (retirement) continue
    if (place.key) place.key.retirement = undefined
    if (place.keyModel) place.keyModel.retirement = undefined
  }
  restore(schedulerState, { version: 1, wall: schedulerState.toWall(now), clean: true, entries: knowledge })
}
