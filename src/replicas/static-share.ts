/** While the server is away each replica keeps within its share of every limit: the whole by the number of replicas seen last. */
import type { Hold } from '../scheduler/lease/accounting.ts'
import { Bucket } from '../scheduler/limits/bucket.ts'
import { Concurrency } from '../scheduler/limits/concurrency.ts'
import { Fixed } from '../scheduler/limits/fixed.ts'
import type { Limit } from '../scheduler/limits/limit.ts'
import type { Window } from '../scheduler/limits/window.ts'
import { EPSILON } from '../scheduler/limits/window.ts'
import type { Mirrored } from './mirror.ts'

export interface StaticShare {
  /**
   * Cuts a limit down to the share, once; what was taken of the whole counts by the same part. What the ledger was asked for
   * and has not confirmed is as if it were taken alone.
   * @param alone further units that were taken already, and that the ledger will never hear of otherwise
   */
  cut(mirrored: Mirrored, now: number, alone?: number): void
  /** The ledger has charged units after all that it had been asked for before. */
  confirmed(mirrored: Mirrored, units: number): void
  /** Did what is held still fit after that? */
  fits(mirrored: Mirrored, now: number): boolean
  /** What was taken meanwhile and is not paid yet, and what was known before. */
  tally(): Tally[]
  /** The same with what will be taken until the next time; from now on no more requests than that are. */
  ahead(lasts: number): Tally[]
  /** Places that will be told beside those that are held, of each limit; from now on no more than both are held. */
  spare(): { mirrored: Mirrored; count: number }[]
  /** The ledger has gone again before all was told: the whole share is ours. */
  goOn(): void
  /** The ledger has charged what was taken. */
  paid(tally: readonly Tally[]): void
  /** Everything as before. */
  end(now: number): Tally[]
}

export interface Tally {
  mirrored: Mirrored
  /** Of the whole. */
  amount: number
  /** Units. */
  taken: number
  /** What `Window.save` told when it was cut, and units in it that the ledger had not confirmed. */
  known: readonly number[] | null
  unheard: number
}

/** Places that a replica may come to hold until it tells of them the next time. */
export const SPARE = 2
/** A share of nothing rests for so long at a time (milliseconds), and one of which all is taken that was paid ahead. */
const REST = 1000
const SHORT_REST = 20
/** Milliseconds after which the ledger has told of a limit at the latest, with each beat. */
const UNSEEN = 1000

interface Cut extends Pick<Tally, 'amount' | 'taken' | 'known' | 'unheard'> {
  /** Whole units that are ours. */
  share: number
  /** May no more be taken than is paid? */
  isPaidAhead: boolean
  /** Places that the ledger knows of: no more are held. And until when none are taken, as others hold some of ours. */
  most: number
  until: number
}

/** @param rank place of this replica among `count` */
export function createStaticShare(rank: number, count: number): StaticShare {
  const cuts = new Map<Mirrored, Cut & { limit: Limit }>()

  function tally(): Tally[] {
    return [...cuts].map(([mirrored, { amount, taken, limit, known, unheard }]) => {
      return { mirrored, amount, taken: limit.taken - taken, known, unheard }
    })
  }

  function shareOf(key: string, { window, spec }: Limit): number {
    const { amount } = window
    if (spec.metric !== 'requests' && spec.metric !== 'concurrency') return amount / count
    // Whole requests: what is left over goes to other replicas for each limit.
    const place = (rank + hash(key)) % count
    return Math.floor((amount * (place + 1)) / count) - Math.floor((amount * place) / count)
  }

  return {
    cut(mirrored, now, alone = 0) {
      const { limit, key } = mirrored
      const before = cuts.get(mirrored)
      if (before && before.limit === limit) {
        if (before.share === 0) limit.until = Math.max(limit.until, now + REST)
        return
      }
      const { window } = limit
      const { amount } = window
      const share = shareOf(key, limit)
      let pending = 0
      for (const units of mirrored.pending.values()) pending += units
      const isPlaces = window instanceof Concurrency
      // Of others it has heard nothing yet: what was taken in the same turn is all unheard.
      const isHeard = isPlaces || mirrored.seenAt < Infinity || mirrored.unseen > 0
      const unheard = isHeard ? alone + pending : limit.taken
      const known = window.save(now)
      const taken = limit.taken - unheard
      const cut = { amount, taken, share, limit, isPaidAhead: false, most: Infinity, until: 0, known, unheard }
      cuts.set(mirrored, cut)
      limit.whole = amount
      const part = isHeard ? share / amount : 1
      // What others may have taken since the ledger last told of it; what was taken here since is ours alone.
      const unseen = (Math.min(UNSEEN, Math.max(0, now - mirrored.seenAt)) * amount) / limit.spec.period
      scale(window, Math.max(share, limit.spec.metric === 'usd' ? 0 : 1), part, now)
      // Our own places were never scaled.
      if (isPlaces) {
        // Another holds more places than are its: these must end before ours are taken.
        const isOurs = window.others <= amount - share
        window.elsewhere(0)
        if (!isOurs) {
          cut.until = now + REST
          limit.until = Math.max(limit.until, cut.until)
        }
      } else window.take(now, (pending + mirrored.unseen) * (1 - part) + unseen * part)
      if (share === 0) limit.until = Math.max(limit.until, now + REST)
    },
    confirmed(mirrored, units) {
      const cut = cuts.get(mirrored)
      if (cut) cut.taken += units
    },
    fits(mirrored, now) {
      const cut = cuts.get(mirrored)
      const { window } = mirrored.limit
      if (cut?.share === 0 || isOverdrawn(window, now)) return false
      if (cut && window instanceof Concurrency) {
        // What was asked for when the ledger went rests, too.
        if (cut.until > now) return false
        if (window.amount - window.room() <= cut.most) return true
        mirrored.limit.until = now + SHORT_REST
        return false
      }
      if (!cut?.isPaidAhead || mirrored.limit.taken <= cut.taken) return true
      mirrored.limit.until = Math.max(mirrored.limit.until, now + SHORT_REST)
      return false
    },
    tally,
    ahead: (lasts) =>
      tally().map((each) => {
        const { metric, period } = each.mirrored.limit.spec
        const more = (each.amount * lasts) / period
        if (metric !== 'requests') return { ...each, taken: each.taken + more }
        const cut = cuts.get(each.mirrored)
        // Who takes less than one in that time is heard of soon enough.
        if (cut) cut.isPaidAhead = more >= 1
        return { ...each, taken: each.taken + Math.round(more) }
      }),
    spare: () =>
      [...cuts].flatMap(([mirrored, cut]) => {
        if (!(mirrored.limit.window instanceof Concurrency)) return []
        const held = mirrored.places.size
        const count = Math.max(0, Math.min(SPARE, cut.share - held))
        cut.most = held + count
        return count > 0 ? [{ mirrored, count }] : []
      }),
    goOn() {
      for (const cut of cuts.values()) {
        cut.isPaidAhead = false
        cut.most = Infinity
      }
    },
    paid(list) {
      for (const { mirrored, taken } of list) {
        const cut = cuts.get(mirrored)
        if (cut) cut.taken += taken
      }
    },
    end(now) {
      const last = tally()
      for (const { amount, share, limit } of cuts.values()) {
        scale(limit.window, limit.whole ?? amount, 1, now)
        limit.whole = undefined
        if (share === 0) limit.until = Math.min(limit.until, now)
      }
      return last
    },
  }
}

/** A request whose answer was given up leaves later than it was counted. */
export function countLate(holds: readonly Hold[], now: number): void {
  for (const { limit, asked, mark } of holds) {
    limit.window.take(now, asked)
    limit.window.give(now, asked, mark)
  }
}

function isOverdrawn(window: Window, now: number): boolean {
  // Not every window tells how far it is overdrawn, but all tell how long.
  return window instanceof Concurrency ? window.room() < 0 : window.wait(now, EPSILON / 2) > 0
}

/** Another amount, and what was taken by the same part. */
function scale(window: Window, amount: number, part: number, now: number): void {
  const state = window.save(now)
  window.resize(now, amount)
  if (!state) return
  if (window instanceof Bucket) window.load(now, [state[0] ?? 0, (state[1] ?? 0) * part])
  else if (window instanceof Fixed) window.load(now, [state[0] ?? 0, (state[1] ?? 0) * part])
  else
    window.load(
      now,
      state.map((value, index) => (index % 2 === 1 ? value * part : value)),
    )
}

function hash(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) >>> 0
  return sum
}
