/**
 * Who goes first where several replicas wait for the same limit. The first one to ask would be the same each time: the one whose
 * timer runs a hair ahead. So a replica that has had its equal part of a limit leaves what comes free to the others for a moment,
 * and takes only what these do not want.
 */
import type { Clock } from '../scheduler/clock.ts'
import { Concurrency } from '../scheduler/limits/concurrency.ts'
import type { Limit } from '../scheduler/limits/limit.ts'
import type { Mirrored } from './mirror.ts'

/** Of a limit, what matters here. */
export interface Shared extends Pick<Mirrored, 'places'> {
  readonly limit: Pick<Limit, 'window' | 'spec' | 'until'>
  /** Units that the server is being asked for. */
  readonly pending: Pick<ReadonlyMap<unknown, number>, 'values'>
}

/** What one request needs of it. */
export interface Need {
  readonly mirrored: Shared
  readonly units: number
}

export interface FairParts {
  /** The ledger has charged it to this replica. */
  took(parts: readonly Need[]): void
  /** Others were faster: from now on what is short of it is shared out. */
  beaten(parts: readonly Need[]): void
  /** Somebody waits for it: who keeps taking its own back would never be beaten. */
  wanted(mirrored: Shared): void
  /** Is all of it within the equal parts? */
  isWithin(parts: readonly Need[]): boolean
  /** Where it is not, leaves it to the others for a moment, in which these limits rest; once. */
  leaves(parts: readonly Need[], maxWait?: number): boolean
}

/** Who waits for less than so many milliseconds might be refused for it. */
const PATIENT = 1000
/** Milliseconds for which a limit is shared out after somebody waited for it. */
const CONTENDED = 10_000
/** Milliseconds that are left to others, as a part of the period, and at most; more or less by chance. */
const PART = 1 / 200
const MOST = 20
const PLACE_LEFT = 10
/** Milliseconds over which a part is added up: the period, within these. */
const SHORTEST = 2000
const LONGEST = 60_000

interface Own {
  /** Units of late, which fade away over the period. */
  used: number
  usedAt: number
  contendedUntil: number
  /** The others' moment ends. */
  leftUntil: number
}

/** @param replicas that live */
export function createFairParts(clock: Clock, random: () => number, replicas: () => number): FairParts {
  const known = new WeakMap<Shared, Own>()

  function ownOf(mirrored: Shared): Own {
    let own = known.get(mirrored)
    if (!own) known.set(mirrored, (own = { used: 0, usedAt: 0, contendedUntil: -Infinity, leftUntil: -Infinity }))
    return own
  }

  function fade(own: Own, memory: number): void {
    const now = clock.now()
    own.used *= Math.exp((own.usedAt - now) / memory)
    own.usedAt = now
  }

  function isBeyond({ mirrored, units }: Need): boolean {
    const own = known.get(mirrored)
    if (!own || own.contendedUntil < clock.now()) return false
    const { window, spec } = mirrored.limit
    let asked = units
    for (const each of mirrored.pending.values()) asked += each
    if (window instanceof Concurrency) return mirrored.places.size + asked > Math.ceil(window.amount / replicas())
    const memory = memoryOf(spec.period)
    fade(own, memory)
    return own.used + asked > (window.amount * Math.min(1, memory / spec.period)) / replicas()
  }

  function leave(mirrored: Shared): boolean {
    const own = ownOf(mirrored)
    const now = clock.now()
    const { limit } = mirrored
    const leaves = limit.window instanceof Concurrency ? PLACE_LEFT : Math.min(MOST, limit.spec.period * PART)
    if (now >= own.leftUntil && now < own.leftUntil + leaves) return false
    if (now >= own.leftUntil) own.leftUntil = now + leaves * (0.5 + random())
    limit.until = Math.max(limit.until, own.leftUntil)
    return true
  }

  const wanted = (mirrored: Shared): void => void (ownOf(mirrored).contendedUntil = clock.now() + CONTENDED)

  return {
    took(parts) {
      const now = clock.now()
      for (const { mirrored, units } of parts) {
        const { window, spec } = mirrored.limit
        const own = known.get(mirrored)
        if (!own || own.contendedUntil < now || window instanceof Concurrency) continue
        fade(own, memoryOf(spec.period))
        own.used += units
      }
    },
    beaten(parts) {
      const now = clock.now()
      for (const { mirrored, units } of parts) if (mirrored.limit.window.wait(now, units) > 0) wanted(mirrored)
    },
    wanted,
    isWithin: (parts) => !parts.some(isBeyond),
    leaves(parts, maxWait = Infinity) {
      if (maxWait < PATIENT) return false
      let isLeft = false
      for (const part of parts) if (isBeyond(part) && leave(part.mirrored)) isLeft = true
      return isLeft
    },
  }
}

const memoryOf = (period: number): number => Math.min(LONGEST, Math.max(SHORTEST, period))
