/** What the scheduler knows and should still know after a restart, as plain JSON. All times are wall-clock milliseconds. */
import type { LimitSpec } from '../types.ts'
import type { Retirement } from '../health/retirement.ts'
import type { Limit } from '../limits/limit.ts'
import { limitId } from '../limits/limit.ts'
import type { SchedulerState } from '../state.ts'
import { saveBeliefs, type BeliefEntry } from './beliefs.ts'
import type { Place } from './scope-address.ts'
import { places, placesOf } from './scope-address.ts'
import { ChangeSet } from './change-set.ts'

export interface Snapshot {
  version: 1
  /** When it was taken. */
  wall: number
  /** Written at an orderly end, so that nothing after it was lost. */
  clean: boolean
  /** By address. */
  entries: Record<string, Entry>
}

export interface Entry {
  wall: number
  limits?: Record<string, LimitEntry>
  /** A cool-down. */
  until?: number
  reason?: string
  retirement?: Omit<Retirement, 'probing'>
  /** What an administrator has changed of a key. */
  disabled?: boolean
  restsUntil?: number
  weight?: number
  maxTokens?: number
  /** Of a provider: how it enforces limits, by their kind. */
  beliefs?: Record<string, BeliefEntry>
}

export interface LimitEntry {
  /** The window's own. */
  state?: number[]
  /** Of the limit that kept the state; another one could not read it. */
  shape?: string
  until?: number
  learnt?: { amount: number; reason: string; share: number; hold: number; cutAt?: number }
  /** Of a limit that nobody declared. */
  spec?: LimitSpec
}

export function snapshotOf(schedulerState: SchedulerState, clean: boolean): Snapshot {
  return collect(schedulerState, places(schedulerState), clean)
}

/** What has changed since the last call; the first call is told everything. */
export function changesOf(schedulerState: SchedulerState): Snapshot {
  const { changes } = schedulerState
  schedulerState.changes = new ChangeSet()
  if (!changes) return snapshotOf(schedulerState, false)
  const seen = new Map<string, Place>()
  for (const place of placesOf(changes)) seen.set(place.address, place)
  return collect(schedulerState, seen.values(), false)
}

function collect(schedulerState: SchedulerState, found: Iterable<Place>, clean: boolean): Snapshot {
  const now = schedulerState.clock.now()
  const entries: Record<string, Entry> = {}
  for (const place of found) {
    const entry = entryOf(schedulerState, place, now)
    // An entry with nothing in it overwrites an older one, so changes keep it.
    if (entry) entries[place.address] = entry
  }
  return { version: 1, wall: schedulerState.toWall(now), clean, entries }
}

export function entryOf(
  schedulerState: SchedulerState,
  { scope, key, keyModel, provider }: Place,
  now: number,
): Entry | undefined {
  const entry: Entry = { wall: schedulerState.toWall(now) }
  for (const limit of scope.limits) {
    const kept = limitEntry(schedulerState, limit, now)
    if (kept) (entry.limits ??= {})[limitId(limit.spec)] = kept
  }
  if (scope.until > now) Object.assign(entry, { until: schedulerState.toWall(scope.until), reason: scope.reason })
  const retirement = key?.retirement ?? keyModel?.retirement
  if (retirement) {
    const { reason, until, times } = retirement
    entry.retirement = { reason, until: schedulerState.toWall(until), times }
  }
  if (key?.disabled) entry.disabled = true
  if (key && key.restsUntil > now) entry.restsUntil = schedulerState.toWall(key.restsUntil)
  if (key && key.weight !== key.spec.weight) entry.weight = key.weight
  const beliefs = provider && saveBeliefs(provider, schedulerState.offset)
  if (beliefs) entry.beliefs = beliefs
  if (keyModel && keyModel.maxTokens < Infinity) entry.maxTokens = keyModel.maxTokens
  return Object.keys(entry).length > 1 || schedulerState.changes ? entry : undefined
}

function limitEntry(schedulerState: SchedulerState, limit: Limit, now: number): LimitEntry | undefined {
  const entry: LimitEntry = {}
  const state = limit.window.save(now)
  if (state) Object.assign(entry, { state, shape: shapeOf(limit) })
  if (limit.until > now) entry.until = schedulerState.toWall(limit.until)
  if (limit.learnt) {
    const { reason, share, hold, cutAt } = limit.learnt
    entry.learnt = {
      amount: limit.whole ?? limit.window.amount,
      reason,
      share,
      hold,
      ...(cutAt > -Infinity && { cutAt: schedulerState.toWall(cutAt) }),
    }
    if (limit.undeclared) entry.spec = limit.spec
  }
  return Object.keys(entry).length > 0 ? entry : undefined
}

/** The declared shape; a fixed window whose phase is not known yet reads a known one's state as one old taking. */
export function shapeOf({ spec }: Limit): string {
  return spec.resets ? 'calendar' : (spec.shape ?? 'sliding')
}
