/** Stretches of a limit's period, by which what clients have used is told: to others, and to a process that starts. */
import { Bucket } from '../limits/bucket.ts'
import { Fixed } from '../limits/fixed.ts'
import { limitId, type Limit } from '../limits/limit.ts'
import { Sliding } from '../limits/sliding.ts'
import { shapeOf } from './snapshot.ts'

/** The same instant by the monotonic clock and by that of the wall, in milliseconds. */
export interface Moment {
  now: number
  wall: number
}

/** A period without beginning is kept in so many stretches; each counts from its end. */
const STRETCHES = 20

/** One that is of another shape cannot read what was kept. */
export function nameOf(scope: string, limit: Limit): string {
  return JSON.stringify([scope, `${limitId(limit.spec)}/${shapeOf(limit)}`])
}

export function namesIn(name: string): { scope: string; bound: string } {
  const [scope, bound] = JSON.parse(name) as [string, string]
  return { scope, bound }
}

/** When the stretch of this moment begins. */
export function slotAt({ window, spec }: Limit, { now, wall }: Moment): number {
  if (window instanceof Fixed) return window.span(now)[0]
  const step = spec.period / STRETCHES
  return Math.floor(wall / step) * step
}

/** When nothing in it counts any longer. */
export function endOf({ window, spec }: Limit, slot: number, { now }: Moment): number {
  if (window instanceof Fixed) return window.span(now)[1]
  return slot + spec.period / STRETCHES + spec.period
}

export function isOver(limit: Limit, slot: number, at: Moment): boolean {
  return limit.window instanceof Fixed ? slot < slotAt(limit, at) : endOf(limit, slot, at) <= at.wall
}

/** Units that are gone from a window by what all slots have. */
export function sumOf(limit: Limit, slots: ReadonlyMap<number, number>, at: Moment): number {
  const { window, spec } = limit
  if (window instanceof Fixed) return slots.get(slotAt(limit, at)) ?? 0
  if (!(window instanceof Bucket)) return [...slots.values()].reduce((sum, units) => sum + units, 0)
  let missing = 0
  let last = -Infinity
  for (const [end, units] of byEnd(limit, slots, at)) {
    missing = Math.max(0, missing - ((end - last) * window.amount) / spec.period) + units
    last = end
  }
  return Math.max(0, missing - ((at.wall - last) * window.amount) / spec.period)
}

/** Units that were gone before this process took any. */
export function keptOf({ window, taken }: Limit, { now }: Moment): number {
  const full = window instanceof Bucket ? window.capacity : window.amount
  return Math.max(0, full - window.room(now) - taken)
}

/** Charges what others have used before this process met the limit, as far as it is not `kept` already. */
export function chargePast(
  limit: Limit,
  slots: ReadonlyMap<number, number>,
  { sum, kept }: { sum: number; kept: number },
  at: Moment,
): void {
  const { window } = limit
  const { now } = at
  if (!(window instanceof Sliding) || kept > 0) return void window.take(now, sum - kept)
  const own = window.save(now) ?? []
  const pairs = own.flatMap((time, index) => (index % 2 === 0 ? [[time, own[index + 1] ?? 0] as const] : []))
  const all = [...pairs, ...byEnd(limit, slots, at)].toSorted(([a], [b]) => a - b)
  window.load(now, all.flat())
}

/** When each counts as used, the first one first. */
function byEnd({ spec }: Limit, slots: ReadonlyMap<number, number>, { wall }: Moment): [end: number, units: number][] {
  const ends = [...slots].map(([slot, units]): [number, number] => [
    Math.min(wall, slot + spec.period / STRETCHES),
    units,
  ])
  return ends.toSorted(([a], [b]) => a - b)
}
