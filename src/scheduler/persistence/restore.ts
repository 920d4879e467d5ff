/** Takes up where the last process left off. What no longer exists is dropped; what has run out is as new. */
import { learntOf, LONGEST_HOLD } from '../limit-learning/learnt.ts'
import { doubt, UNDOUBTED } from '../limit-learning/doubt.ts'
import type { Limit } from '../limits/limit.ts'
import { limitId, resize, windowOf } from '../limits/limit.ts'
import { reweigh } from '../adjust-key.ts'
import { addLimit } from '../topology/limit-scope.ts'
import type { SchedulerState } from '../state.ts'
import { restoreBeliefs } from './beliefs.ts'
import type { Place } from './scope-address.ts'
import { placeAt } from './scope-address.ts'
import type { Entry, LimitEntry, Snapshot } from './snapshot.ts'
import { shapeOf } from './snapshot.ts'

/** After a crash the last second is unknown: what was busy until then is taken to have gone on for so long. */
const LOST = 1000
/** Written this shortly before the last write: busy until the end. */
const BUSY = 2000

/** No rest is longer, in milliseconds: a month and a day. */
const LONGEST_REST = 32 * 86_400_000

export function restore(schedulerState: SchedulerState, snapshot: Snapshot): void {
  for (const [address, entry] of Object.entries(snapshot.entries)) {
    const place = placeAt(schedulerState, address)
    if (place) restoreEntry(schedulerState, place, entry, !snapshot.clean && snapshot.wall - entry.wall < BUSY)
  }
  const now = schedulerState.clock.now()
  for (const pool of schedulerState.pools.values()) for (const keyGroup of pool.keyGroups) keyGroup.rouseAll(now)
}

function restoreEntry(
  schedulerState: SchedulerState,
  { scope, key, keyModel, provider }: Place,
  entry: Entry,
  lost: boolean,
): void {
  const now = schedulerState.clock.now()
  const toMonotonic = (wall: number) => wall - schedulerState.offset
  const latest = schedulerState.toWall(now) + LONGEST_REST
  if (entry.until !== undefined && entry.until > schedulerState.toWall(now) && entry.until <= latest) {
    scope.until = Math.max(scope.until, toMonotonic(entry.until))
    scope.reason = entry.reason ?? ''
    if (scope.until - now > UNDOUBTED) scope.doubt = doubt(undefined, now)
  }
  if (provider && entry.beliefs) restoreBeliefs(provider, entry.beliefs, now, schedulerState.offset)
  if (key) {
    const { disabled = false, restsUntil = 0, weight = 0 } = entry
    key.disabled = disabled
    key.restsUntil = restsUntil <= latest ? toMonotonic(restsUntil) : 0
    reweigh(key, weight > 0 && weight < Infinity ? weight : key.spec.weight, now)
  }
  if (entry.retirement && entry.retirement.until <= latest) {
    const retirement = { ...entry.retirement, until: toMonotonic(entry.retirement.until), probing: false }
    if (key) key.retirement = retirement
    else if (keyModel) keyModel.retirement = retirement
  }
  if (keyModel && entry.maxTokens !== undefined && entry.maxTokens > 0) {
    keyModel.maxTokens = entry.maxTokens
    keyModel.tooLarge = doubt(undefined, now)
  }
  for (const [id, kept] of Object.entries(entry.limits ?? {})) {
    let limit = scope.limits.find(({ spec }) => limitId(spec) === id)
    if (!limit && kept.spec) {
      limit = addLimit(scope, kept.spec, schedulerState.toWall, now)
      limit.undeclared = true
    }
    if (limit) restoreLimit(schedulerState, limit, kept, lost)
  }
}

function restoreLimit(schedulerState: SchedulerState, limit: Limit, entry: LimitEntry, lost: boolean): void {
  const now = schedulerState.clock.now()
  if (entry.learnt && entry.learnt.amount > 0 && entry.learnt.amount < Infinity) {
    const { amount, reason, share, hold, cutAt } = entry.learnt
    const learnt = learntOf(limit, now)
    // A cut of the future, or one that holds for years, would never be tried again.
    Object.assign(learnt, {
      reason,
      share: share > 0 && share <= 1 ? share : 1,
      hold: hold > 0 ? Math.min(hold, LONGEST_HOLD) : learnt.hold,
      cutAt: cutAt === undefined ? -Infinity : Math.min(now, cutAt - schedulerState.offset),
    })
    // The operator may have declared less since.
    resize(limit, schedulerState.settings.trust_headers ? amount : Math.min(amount, limit.spec.amount), now)
  }
  const state = entry.shape === shapeOf(limit) ? entry.state : undefined
  if (state) {
    limit.window.load(now, state)
    // No process leaves such a debt: what it wrote is wrong, and the window starts anew, empty.
    const debt = -limit.window.room(now)
    if (!(debt <= limit.spec.amount)) {
      limit.window = windowOf(limit.spec, limit.window.amount, schedulerState.toWall, now)
      limit.window.lower(now, 0)
    }
  }
  if (entry.until !== undefined && entry.until <= schedulerState.toWall(now) + LONGEST_REST)
    limit.until = Math.max(limit.until, entry.until - schedulerState.offset)
  if (limit.until - now > UNDOUBTED && limit.window.room(now) >= 1) limit.doubt = doubt(undefined, now)
  const { metric, period, amount } = limit.spec
  if (lost && state && period > 0) {
    const unknown = (amount * LOST) / period
    limit.window.take(now, metric === 'usd' ? unknown : Math.ceil(unknown))
  }
}
