/**
 * Leases that a busy worker has ahead of its requests: a message each time costs more than all else that a second process
 * costs. The owner gives them only where room is ample, and they are given back unsent after milliseconds.
 */
import type { AcquireRequest } from '../scheduler/types.ts'

/** Milliseconds that a lease may lie here: less than what windows allow for the network's own spread. */
export const STOCKED = 10
/** Of one shape at once. */
const MOST = 16
/** Shapes of requests that are known. */
const MOST_SHAPES = 1000

/** A lease that can go back unsent. */
export interface Stocked {
  withdraw(): void
}

export interface LeaseStock<T extends Stocked> {
  /** A lease for such a request. Where there is none: how many more to ask for, in words for `put`. */
  take(request: Omit<AcquireRequest, 'signal'>): T | Wish | undefined
  /** What came of a wish, with the time of the moment. */
  put(wish: Wish, leases: T[]): void
  /** Something is wrong with a key: nothing that was decided before holds. */
  clear(): void
}

export interface Wish {
  readonly shape: Shape
  readonly count: number
}

interface Shape {
  readonly name: string
  leases: Stocked[]
  /** Since when they lie here. */
  since: number
  isAsking: boolean
  /** Requests in this stretch of `STOCKED`, when it began, and how many came in the one before. */
  count: number
  begun: number
  before: number
}

export interface StockClock {
  /** Monotonic milliseconds. */
  now(): number
  setTimer(fire: () => void, delay: number): void
}

export const REAL_CLOCK: StockClock = {
  now: () => performance.now(),
  setTimer: (fire, delay) => void setTimeout(fire, delay),
}

export function createLeaseStock<T extends Stocked>({ now, setTimer }: StockClock): LeaseStock<T> {
  const shapes = new Map<string, Shape>()
  let isTimed = false

  function watch(): void {
    if (isTimed) return
    isTimed = true
    setTimer(expire, STOCKED)
  }

  function expire(): void {
    isTimed = false
    const old = now() - STOCKED
    let isEmpty = true
    for (const shape of shapes.values()) {
      if (shape.since <= old) drop(shape)
      if (shape.leases.length > 0) isEmpty = false
    }
    if (!isEmpty) watch()
  }

  return {
    take(request) {
      const name = shapeOf(request)
      if (name === undefined) return undefined
      const at = now()
      let shape = shapes.get(name)
      if (!shape) {
        if (shapes.size >= MOST_SHAPES) this.clear()
        shape = { name, leases: [], since: 0, isAsking: false, count: 0, begun: at, before: 0 }
        shapes.set(name, shape)
      }
      if (at - shape.begun > STOCKED) {
        shape.before = at - shape.begun > 2 * STOCKED ? 0 : shape.count
        shape.begun = at
        shape.count = 0
      }
      shape.count++
      if (shape.leases.length > 0 && at - shape.since < STOCKED) return shape.leases.pop() as T
      const count = Math.min(MOST, Math.max(shape.before, shape.count - 1))
      if (shape.isAsking || count === 0) return undefined
      shape.isAsking = true
      return { shape, count }
    },
    put({ shape }, leases) {
      shape.isAsking = false
      if (leases.length === 0) return
      drop(shape)
      // nothing that was decided before a fault holds
      if (shapes.get(shape.name) !== shape) return leases.forEach((lease) => lease.withdraw())
      shape.leases = leases
      shape.since = now()
      watch()
    },
    clear() {
      for (const shape of shapes.values()) drop(shape)
      shapes.clear()
    },
  }
}

function drop(shape: Shape): void {
  for (const lease of shape.leases) lease.withdraw()
  shape.leases = []
}

/** Requests of one shape may take each other's leases; undefined for those that must be judged by themselves. */
function shapeOf(request: Omit<AcquireRequest, 'signal'>): string | undefined {
  const { exclude, explain, inputs, least, needs } = request
  if (explain || inputs || least !== undefined || (exclude && exclude.size > 0)) return undefined
  const able = (needs.tools ? 1 : 0) + (needs.vision ? 2 : 0) + (needs.json_schema ? 4 : 0)
  return `${request.model}\n${request.client ?? ''}\n${request.maxOutput}/${largestOf(request.input)}/${able}${request.short ? 's' : ''}`
}

/** The largest input of those that count as alike: a lease is for that. */
export function largestOf(input: number): number {
  return input <= 1 ? 1 : 2 ** Math.ceil(Math.log2(input))
}
