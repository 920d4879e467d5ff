/** What requests give back, or have used beyond what was charged: told to the ledger; owed while it is away. */
import type { Clock } from '../scheduler/clock.ts'
import type { Hold } from '../scheduler/lease/accounting.ts'
import type { LeaseRecord } from '../scheduler/lease/lease.ts'
import type { Charge, Refund, SharedState } from './ledger/ledger-calls.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Mirror, Mirrored, Slice } from './mirror.ts'
import type { Presence } from './presence.ts'
import { sharedLimit } from './shared-limit.ts'

/** What the ledger has charged a lease of one limit, and from which slice it was. */
export interface Charged {
  readonly mark: number
  readonly slice: Slice | undefined
}

export interface RefundParts {
  ledger: Ledger
  mirror: Mirror
  presence: () => Presence
  clock: Clock
  /** By the ledger's clock. */
  wall: () => number
  nextId: () => string
  timed: <T>(call: Promise<T>) => Promise<T>
  apply: (states: readonly SharedState[]) => void
  /** Takes an excess out of what is leased ahead. */
  charge: (mirrored: Mirrored, units: number) => boolean
}

export interface Refunds {
  /** A lease has ended. @param charged by the limit's key; places have no mark */
  ended(lease: LeaseRecord, id: string, charged: ReadonlyMap<string, Charged>): void
  /** Of a slice: goes out together with what others give back in the same moment. */
  put(mirrored: Mirrored, mark: number, back: number, more: number): void
  /**
   * The ledger did not answer: it may have taken one of the candidates, or will when it goes on. When it is back, none of them
   * keeps a place; what is used without it is charged then, at worst twice.
   */
  owe(id: string, candidates: readonly (readonly Charge[])[], used: readonly Charge[]): void
  /** Gives back what the ledger has charged; tells it when it is back, where that matters. */
  pay(id: string, refunds: Refund[]): Promise<void>
  /** The ledger is back. */
  payOwed(): void
}

/** Milliseconds for which a charge that is told twice counts once. */
const ONCE = 600_000
/** Charges that wait for the ledger to come back; of more, the oldest are forgotten. */
const MOST_OWED = 10_000
/** Milliseconds that what slices give back waits for more. */
const TOGETHER = 50
/** Classes of refusals that a count over time leads to. */
const WINDOWED: ReadonlySet<string | undefined> = new Set(['minute', 'day', 'month'])
/** Refunds of one call. */
const AT_ONCE = 200

export function createRefunds(parts: RefundParts): Refunds {
  const { ledger, mirror, presence, clock, wall, nextId, timed, apply, charge } = parts
  const owed: { id: string; refunds: Refund[] }[] = []
  let together = new Map<string, { mirrored: Mirrored; mark: number; back: number; more: number }>()
  let isDue = false

  async function pay(id: string, refunds: Refund[], once = 0): Promise<void> {
    try {
      if (presence().isAway()) throw new Error('away')
      const told = await timed(ledger.settle(id, refunds, once))
      // What comes late is of the whole, and limits are cut down meanwhile.
      if (!presence().renewed(told.born) && !presence().isAway()) apply(told.states)
    } catch (error) {
      // A refund that is lost costs a little room; a charge that is lost would be an excess.
      keep(
        id,
        refunds.filter(({ shape, back, more }) => shape === 'places' || back < more),
      )
      presence().lose(error)
    }
  }

  function keep(id: string, refunds: Refund[]): void {
    if (refunds.length > 0 && owed.push({ id, refunds }) > MOST_OWED) owed.shift()
  }

  function flush(): void {
    isDue = false
    const refunds = [...together.values()].flatMap(({ mirrored: { key, limit }, mark, back, more }) =>
      back === 0 && more === 0 ? [] : [{ ...sharedLimit(key, limit, wall()), mark, back, more }],
    )
    together = new Map()
    for (let start = 0; start < refunds.length; start += AT_ONCE)
      void pay(nextId(), refunds.slice(start, start + AT_ONCE))
  }

  function put(mirrored: Mirrored, mark: number, back: number, more: number): void {
    const name = `${mirrored.key}@${mark}`
    const known = together.get(name)
    if (known) {
      known.back += back
      known.more += more
    } else together.set(name, { mirrored, mark, back, more })
    if (isDue) return
    isDue = true
    clock.setTimer(clock.now() + TOGETHER, flush, false)
  }

  return {
    put,
    ended(lease, id, charged) {
      const refunds: Refund[] = []
      for (const hold of lease.holds) {
        const mirrored = mirror.of(hold, lease)
        const { limit, key } = mirrored
        if (limit.spec.metric === 'concurrency') {
          mirrored.places.delete(id)
          refunds.push({ ...sharedLimit(key, limit, wall()), mark: 0, back: 1, more: 0 })
          continue
        }
        const from = charged.get(key)
        if (!from) continue
        const back = isOvercounted(lease, hold) ? 0 : hold.asked - (hold.cost - hold.late)
        const more = hold.late
        if (back === 0 && more === 0) continue
        if (!from.slice) refunds.push({ ...sharedLimit(key, limit, wall()), mark: from.mark, back, more })
        else if (more > 0 && charge(mirrored, more)) put(mirrored, from.mark, back, 0)
        else put(mirrored, from.mark, back, more)
      }
      if (refunds.length > 0) void pay(id, refunds)
    },
    pay,
    owe(id, candidates, used) {
      const places = candidates.flat().filter(({ shape }) => shape === 'places')
      const windows = used.filter(({ shape }) => shape !== 'places')
      keep(id, [
        ...places.map((each) => ({ ...each, mark: 0, back: 1, more: 0 })),
        ...windows.map((each) => ({ ...each, mark: 0, back: 0, more: each.cost })),
      ])
    },
    payOwed() {
      // Limits that were cut down when it was noted are whole again.
      const whole = (each: Refund): Refund => {
        const limit = mirror.get(each.key)?.limit
        return limit ? { ...each, ...sharedLimit(each.key, limit, wall()) } : each
      }
      for (const { id, refunds } of owed.splice(0)) void pay(id, refunds.map(whole), ONCE)
    },
  }
}

/**
 * Who is refused for a limit that the ledger found free knows that the provider has counted more. Given back, the unit would be
 * refused again and again, here and by other replicas: it stays charged until the two agree. Where the provider does not say which
 * limit it was, that is the shortest: the one that agrees soonest.
 */
function isOvercounted({ used, refusal, failed, holds }: LeaseRecord, hold: Hold): boolean {
  if (used || !isWindow(hold)) return false
  if (refusal) return WINDOWED.has(refusal.class)
  const { period } = hold.limit.spec
  return failed === 'rate_limit' && !holds.some((other) => isWindow(other) && other.limit.spec.period < period)
}

function isWindow({ limit, scope }: Hold): boolean {
  return limit.spec.metric === 'requests' && scope.kind !== 'client'
}
