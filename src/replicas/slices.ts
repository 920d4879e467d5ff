/**
 * Units that this replica has leased ahead, so that most requests against large limits ask nobody. The ledger counts them as used
 * from the start: what is not used in time goes back, and what a dead replica held is as if it had been used.
 */
import type { Clock } from '../scheduler/clock.ts'
import { Concurrency } from '../scheduler/limits/concurrency.ts'
import type { Mirrored, Slice } from './mirror.ts'

/** What one request needs of one limit. */
export interface Part {
  readonly mirrored: Mirrored
  readonly units: number
}

export interface Slices {
  /** From slices alone, all or nothing; undefined where one of them has too little. */
  take(parts: readonly Part[]): (Slice | undefined)[] | undefined
  /** So much is used of what the ledger is asked for. */
  note(parts: readonly Part[]): void
  /** What to lease ahead beside it: by the own rate, and nothing where not all of the request can be lent. */
  want(parts: readonly Part[]): { ahead: number; life: number }[]
  /** Is so little left that the next is to be asked for? */
  isLow(parts: readonly Part[]): boolean
  /** @param sent when it was asked for: the ledger's time for it began later */
  lent(mirrored: Mirrored, lent: { units: number; life: number; mark: number }, sent: number): void
  /** Charges a request's excess to what is leased already. */
  charge(mirrored: Mirrored, units: number): boolean
  /** The ledger has gone: it counts them as used. */
  drop(): void
}

/** The longest that a slice is kept, in milliseconds, and as a part of the limit's period. */
const LIFE = 500
const PART = 1 / 20
/** The own rate is that of so many milliseconds. */
const MEMORY = 1000
/** A slice is for so many requests at least, and at most for this part of the limit, divided by the replicas. */
const LEAST = 8
const MOST = 1 / 16
/** Then the next one is asked for. */
const LOW = 0.5
const NOTHING = { ahead: 0, life: 0 }

/**
 * @param sharers replicas that live; 0 where not all of them know of slices
 * @param back what was not used in time
 */
export function createSlices(clock: Clock, sharers: () => number, back: (of: Mirrored, slice: Slice) => void): Slices {
  const holders = new Set<Mirrored>()
  let stop: (() => void) | undefined

  function sweep(): void {
    stop = undefined
    const now = clock.now()
    for (const holder of holders) {
      for (const slice of holder.slices.filter(({ until }) => until <= now)) back(holder, slice)
      holder.slices = holder.slices.filter(({ until }) => until > now)
      if (holder.slices.length === 0) holders.delete(holder)
    }
    watch()
  }

  function watch(): void {
    if (stop || holders.size === 0) return
    let first = Infinity
    for (const { slices } of holders) for (const { until } of slices) first = Math.min(first, until)
    stop = clock.setTimer(first, sweep, false)
  }

  /** The slice that ends first of those that hold enough. */
  function find({ slices }: Mirrored, units: number, now: number): Slice | undefined {
    for (const slice of slices) if (slice.left >= units && slice.until > now) return slice
    return undefined
  }

  return {
    take(parts) {
      if (holders.size === 0) return undefined
      const now = clock.now()
      const found: (Slice | undefined)[] = []
      for (const { mirrored, units } of parts) {
        if (mirrored.limit.window instanceof Concurrency) return undefined
        const slice = units > 0 ? find(mirrored, units, now) : undefined
        if (units > 0 && !slice) return undefined
        found.push(slice)
      }
      parts.forEach(({ mirrored, units }, index) => {
        const slice = found[index]
        if (slice) slice.left -= units
        note(mirrored, units, now)
      })
      return found
    },
    note(parts) {
      const now = clock.now()
      for (const { mirrored, units } of parts) note(mirrored, units, now)
    },
    want(parts) {
      const now = clock.now()
      const count = sharers()
      const wanted = parts.map((part) => (count > 0 ? slice(part, count) : undefined))
      // One limit that is asked for each time is a round trip each time.
      if (wanted.includes(undefined)) return parts.map(() => NOTHING)
      return wanted.map((each, index) => {
        const { mirrored } = parts[index] as Part
        const { slices, isAsked } = mirrored
        if (!each || isAsked || slices.some(({ left, units, until }) => until > now && left > units * LOW))
          return NOTHING
        return each
      })
    },
    isLow: (parts) =>
      parts.some(({ mirrored: { slices, isAsked }, units }) => {
        const last = slices.at(-1)
        return units > 0 && !isAsked && last !== undefined && last.left < last.units * LOW
      }),
    lent(mirrored, { units, life, mark }, sent) {
      const slice = { mark, until: sent + life, units, left: units }
      if (slice.until <= clock.now()) return back(mirrored, slice)
      mirrored.slices.push(slice)
      holders.add(mirrored)
      watch()
    },
    charge(mirrored, units) {
      const slice = find(mirrored, units, clock.now())
      if (!slice) return false
      slice.left -= units
      return true
    },
    drop() {
      for (const holder of holders) holder.slices = []
      holders.clear()
      stop?.()
      stop = undefined
    },
  }
}

function note(mirrored: Mirrored, units: number, now: number): void {
  const passed = now - mirrored.notedAt
  mirrored.rate = (passed > 0 ? mirrored.rate * Math.exp(-passed / MEMORY) : mirrored.rate) + units / MEMORY
  mirrored.notedAt = now
}

function slice({ mirrored, units }: Part, sharers: number): { ahead: number; life: number } | undefined {
  const { window, spec } = mirrored.limit
  if (window instanceof Concurrency) return undefined
  if (units === 0) return NOTHING
  const life = Math.min(LIFE, spec.period * PART)
  const ahead = Math.min(mirrored.rate * life, (window.amount * MOST) / sharers)
  if (ahead < units * LEAST) return undefined
  return { ahead: spec.metric === 'usd' || spec.metric === 'neurons' ? ahead : Math.floor(ahead), life }
}
