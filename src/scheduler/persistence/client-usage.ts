/**
 * What clients have used of their limits, told apart by who it was: this process, or others that serve the same clients.
 * What is its own goes to where all add up; what others have added is charged to the windows here.
 */
import { Fixed } from '../limits/fixed.ts'
import type { Limit } from '../limits/limit.ts'
import { EPSILON } from '../limits/window.ts'
import type { ClientLimit } from './scope-address.ts'
import { chargePast, endOf, isOver, keptOf, nameOf, namesIn, slotAt, sumOf, type Moment } from './usage-slots.ts'

/** Units of one limit in one stretch of time. */
export interface Used {
  /** `client alice`, `group research`. */
  scope: string
  /** Metric, period and shape. */
  bound: string
  /** Wall-clock milliseconds: when the stretch begins. */
  slot: number
  units: number
  /** Wall-clock milliseconds: from then on nobody asks for it. */
  expires: number
}

export interface ClientUsage {
  /** Counts what was used until now: before another scheduler takes over. */
  note(limits: Iterable<ClientLimit>, at: Moment): void
  /** What this process has used since the last call. Each is told once. */
  changes(limits: Iterable<ClientLimit>, at: Moment): Used[]
  /**
   * What all together have used, with everything that `changes` has told.
   * @param isAll slots that are missing have nothing
   * @returns whether any window has changed
   */
  hear(totals: readonly Used[], isAll: boolean, at: Moment): boolean
}

interface Known {
  limit: Limit
  /** As it was at the last look. */
  taken: number
  /** There is something to tell though nothing was taken. */
  isOwed: boolean
  own: Map<number, number>
  /** Of that, what was told. */
  told: Map<number, number>
  /** What others have used, as far as it is in the window. */
  others: Map<number, number>
  seen: number
}

/** Milliseconds: what is shorter is over before others hear of it. */
const SHORTEST = 60_000
/** Looks between two that take away what is over. */
const SWEPT = 60

export function createClientUsage(): ClientUsage {
  const known = new Map<string, Known>()
  /** By limit and slot, as last heard. */
  const totals = new Map<string, Map<number, Used>>()
  let looks = 0

  function totalsOf(name: string, limit: Limit, at: Moment): Map<number, number> {
    const alive = [...(totals.get(name) ?? [])].filter(([slot]) => !isOver(limit, slot, at))
    return new Map(alive.map(([slot, { units }]) => [slot, units]))
  }

  function meet(name: string, limit: Limit, at: Moment): Known {
    const others = totalsOf(name, limit, at)
    const made: Known = { limit, taken: 0, isOwed: true, own: new Map(), told: new Map(), others, seen: looks }
    const sum = sumOf(limit, others, at)
    // a data folder may have brought back some of it, or more
    const kept = keptOf(limit, at)
    if (sum > kept + EPSILON) chargePast(limit, others, { sum, kept }, at)
    else if (!(limit.window instanceof Fixed)) add(made.own, slotAt(limit, at), kept - sum)
    // what it had is to be told where it is of this process alone
    if (limit.window instanceof Fixed) count(name, made, limit, at)
    known.set(name, made)
    return made
  }

  function count(name: string, each: Known, limit: Limit, at: Moment): void {
    const slot = slotAt(limit, at)
    for (const slots of [each.own, each.told, each.others])
      for (const old of slots.keys()) if (isOver(limit, old, at)) slots.delete(old)
    if (limit.window instanceof Fixed) {
      // those whose clocks are ahead were here before us
      if (!each.others.has(slot)) settle(each, slot, totals.get(name)?.get(slot)?.units ?? 0, at)
      const used = limit.window.amount - limit.window.room(at.now) - (each.others.get(slot) ?? 0)
      each.own.set(slot, Math.max(0, used))
    } else {
      // of a limit that has taken over all is new
      const before = each.limit === limit ? each.taken : each.taken - each.limit.taken
      add(each.own, slot, limit.taken - before)
    }
    each.limit = limit
    each.taken = limit.taken
  }

  function untold(name: string, { limit, own, told }: Known, at: Moment): Used[] {
    const found: Used[] = []
    for (const [slot, units] of own) {
      const more = units - (told.get(slot) ?? 0)
      if (Math.abs(more) <= EPSILON) continue
      told.set(slot, units)
      found.push({ ...namesIn(name), slot, units: more, expires: endOf(limit, slot, at) })
    }
    return found
  }

  /** Puts what others have used of one slot into the window. */
  function settle({ limit, told, others }: Known, slot: number, total: number, at: Moment): boolean {
    if (isOver(limit, slot, at) || slot > slotAt(limit, at)) return false
    const theirs = Math.max(0, total - (told.get(slot) ?? 0))
    const more = theirs - (others.get(slot) ?? 0)
    others.set(slot, theirs)
    if (Math.abs(more) <= EPSILON) return false
    if (more > 0) limit.window.take(at.now, more)
    else limit.window.give(at.now, -more, limit.window.take(at.now, 0))
    return true
  }

  function sweep(wall: number): void {
    for (const [name, slots] of totals) {
      for (const [slot, { expires }] of slots) if (expires <= wall) slots.delete(slot)
      if (slots.size === 0) totals.delete(name)
    }
  }

  function note(limits: Iterable<ClientLimit>, at: Moment): void {
    for (const { scope, limit } of limits) {
      if (limit.spec.period < SHORTEST) continue
      const name = nameOf(scope, limit)
      const each = known.get(name) ?? meet(name, limit, at)
      each.seen = looks
      if (each.limit === limit && each.taken === limit.taken) continue
      count(name, each, limit, at)
      each.isOwed = true
    }
  }

  return {
    note,
    changes(limits, at) {
      if (++looks % SWEPT === 0) sweep(at.wall)
      note(limits, at)
      const found: Used[] = []
      for (const [name, each] of known) {
        const isForgotten = each.seen !== looks
        if (isForgotten) count(name, each, each.limit, at)
        if (isForgotten || each.isOwed) found.push(...untold(name, each, at))
        each.isOwed = false
        if (isForgotten) known.delete(name)
      }
      return found
    },
    hear(rows, isAll, at) {
      if (isAll) totals.clear()
      for (const row of rows) {
        const name = JSON.stringify([row.scope, row.bound])
        let slots = totals.get(name)
        if (!slots) totals.set(name, (slots = new Map()))
        slots.set(row.slot, row)
      }
      const names = isAll ? known.keys() : new Set(rows.map(({ scope, bound }) => JSON.stringify([scope, bound])))
      let isOther = false
      for (const name of names) {
        const each = known.get(name)
        if (!each) continue
        const heard = totals.get(name)
        for (const [slot, units] of each.told) {
          const total = heard?.get(slot)?.units ?? 0
          if (total >= units - EPSILON) continue
          // an older state was put back: what it lacks is told again
          each.told.set(slot, Math.max(0, total))
          each.isOwed = true
        }
        for (const slot of new Set([...each.others.keys(), ...(heard?.keys() ?? [])]))
          if (settle(each, slot, heard?.get(slot)?.units ?? 0, at)) isOther = true
      }
      return isOther
    },
  }
}

/** What is given back was taken last. */
function add(own: Map<number, number>, slot: number, units: number): void {
  if (units >= 0) {
    own.set(slot, (own.get(slot) ?? 0) + units)
    return
  }
  let back = -units
  for (const each of [...own.keys()].toSorted((a, b) => b - a)) {
    const given = Math.min(back, own.get(each) ?? 0)
    own.set(each, (own.get(each) ?? 0) - given)
    back -= given
  }
}
