/**
 * One scheduler of many: it picks by its own windows, and each pick is confirmed by the ledger that all replicas share. What
 * the ledger refuses goes back into the queue, which then knows when there is room. While the ledger is away, a replica
 * keeps within its static share; what it served is charged when the ledger is back.
 */
import { GatewayError } from '../chat/error.ts'
import type { Clock } from '../scheduler/clock.ts'
import { LeaseRecord } from '../scheduler/lease/lease.ts'
import { needOf } from '../scheduler/limits/request-cost.ts'
import { UNTIL_EVENT } from '../scheduler/limits/window.ts'
import type { LiveScheduler } from '../scheduler/scheduler.ts'
import type { AcquireRequest, Lease, ReplicaReport } from '../scheduler/types.ts'
import type { Acquired, Charge, Ledger, Refund, SharedState } from './ledger.ts'
import { createMirror, type Mirrored } from './mirror.ts'
import { createNews } from './news.ts'
import { createPresence, PLACE } from './presence.ts'
import { sharedLimit } from './shared-limit.ts'

export type OnLoss = 'share' | 'refuse' | 'ignore'

export interface ReplicaOptions {
  /** Name of this replica, unique among them. */
  replica: string
  on_loss: OnLoss
  /** The least number of replicas that limits are divided by. */
  least: number
  clock: Clock
  random: () => number
  /** The ledger has gone or come back, for the log. */
  changed: (isAway: boolean, why: string) => void
}

export interface Replicas {
  acquire(request: AcquireRequest): Promise<Lease>
  /** Others have given back units of a limit. */
  freed(told: { key: string; born: string; text: string }): void
  /** What another replica says. */
  hear(text: string): void
  report(): ReplicaReport
  /** A key was switched here. */
  switched(key: string, enabled: boolean): void
  /** The first look at the ledger; one that is not there is looked for again. */
  start(): Promise<void>
  close(): void
}

/** Milliseconds for which a charge that is told twice counts once. */
const ONCE = 600_000
/** The longest that a limit rests where the ledger and the own window disagree, in milliseconds. */
const DISAGREED = 50
/** Charges that wait for the ledger to come back; of more, the oldest are forgotten. */
const MOST_OWED = 10_000
export function createReplicas(
  inner: () => LiveScheduler,
  ledger: Ledger,
  { replica, on_loss, least, clock, random, changed }: ReplicaOptions,
): Replicas {
  const mirror = createMirror((name) => ledger.keyOf('limit', name))
  const owed: { id: string; refunds: Refund[] }[] = []
  let last = 0
  const counts = { roundTrips: 0, refused: 0, losses: 0, latency: 0 }

  /** By the ledger's clock. */
  const wall = (): number => clock.wall() - ledger.offset()

  async function timed<T>(call: Promise<T>): Promise<T> {
    const sent = clock.now()
    counts.roundTrips++
    try {
      return await call
    } finally {
      counts.latency = clock.now() - sent
    }
  }

  const nextId = (): string => `${replica}:${++last}`
  const presence = createPresence({
    ledger,
    mirror,
    clock,
    random,
    replica,
    least,
    isCut: on_loss !== 'ignore',
    nextId,
    wall,
    timed,
    changed(isAway, why) {
      changed(isAway, why)
      if (isAway) return void counts.losses++
      for (const each of mirror.all()) inner().corrected(each.lease)
      for (const { id, refunds } of owed.splice(0)) void pay(id, refunds, ONCE)
    },
  })
  const { lose, renewed } = presence
  const news = createNews(inner, replica, clock, (text) => {
    if (!presence.isAway()) ledger.say(text).catch(lose)
  })

  async function acquire(request: AcquireRequest): Promise<Lease> {
    const before = request.waited ?? 0
    const arrived = clock.now()
    for (;;) {
      const lease = await inner().acquire({ ...request, waited: before + (clock.now() - arrived) })
      if (!(lease instanceof LeaseRecord)) return lease
      const isOurs = lease.holds.length === 0 ? enter(lease, '', new Map()) : await confirm(lease)
      if (request.signal?.aborted) {
        // Nothing has left: it costs nobody anything.
        if (isOurs) lease.current.withdraw()
        throw new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
      }
      if (isOurs) return lease
    }
  }

  async function confirm(lease: LeaseRecord): Promise<boolean> {
    if (presence.isAway()) return confirmAlone(lease)
    const id = nextId()
    const limits = lease.holds.map((hold) => mirror.of(hold, lease))
    const charges = lease.holds.map((hold, index): Charge => {
      const { key, limit } = limits[index] as Mirrored
      const base = sharedLimit(key, limit, wall())
      return { ...base, need: needOf(limit.spec, lease.demand), cost: hold.asked }
    })
    limits.forEach((each, index) => each.pending.set(lease, lease.holds[index]?.asked ?? 0))
    let told: Acquired
    try {
      told = await timed(ledger.acquire(id, PLACE, charges))
    } catch (error) {
      lose(error)
      for (const each of limits) each.pending.delete(lease)
      if (!confirmAlone(lease.current)) return false
      // The ledger may have charged it or not: it is charged when the ledger is back, at worst twice.
      owe(
        id,
        charges.map((charge) => ({ ...charge, mark: 0, back: 0, more: charge.cost })),
      )
      return true
    }
    for (const each of limits) each.pending.delete(lease)
    const isNew = renewed(told.born)
    if (told.admitted) {
      enter(lease.current, id, new Map(told.states.map(({ key, mark }) => [key, mark])))
      if (!isNew) apply(told.states)
      return true
    }
    counts.refused++
    lease.current.withdraw()
    if (!isNew) apply(told.states)
    const worst = limits[told.worst]
    if (worst) rest(worst, told)
    inner().corrected(lease.current)
    return false
  }

  /** It must not ask again at once: its window may be a hair ahead of the ledger's, and a place frees when its lease lapses. */
  function rest({ key, limit, lease }: Mirrored, { wait }: Acquired): void {
    const now = clock.now()
    if (limit.spec.metric === 'concurrency') {
      clock.setTimer(now + Math.min(wait, PLACE) + 5, () => void refresh(key, lease), false)
      if (limit.window.wait(now, 1) === UNTIL_EVENT) return
    } else if (limit.window.wait(now, needOf(limit.spec, lease.demand)) > 0) return
    limit.until = Math.max(limit.until, now + Math.min(wait, DISAGREED) * (0.5 + random()))
  }

  async function refresh(key: string, lease: LeaseRecord): Promise<void> {
    const mirrored = mirror.get(key)
    if (presence.isAway() || !mirrored) return
    try {
      const told = await timed(ledger.peek([sharedLimit(key, mirrored.limit, wall())]))
      if (renewed(told.born)) return
      apply(told.states)
      inner().corrected(lease)
    } catch (error) {
      lose(error)
    }
  }

  /** @param marks when the ledger charged each limit; none of what is served in its absence */
  function enter(lease: LeaseRecord, id: string, marks: ReadonlyMap<string, number>): true {
    lease.onEnd = (last) => ended(last, id, marks)
    for (const hold of lease.holds) if (hold.limit.spec.metric === 'concurrency') mirror.of(hold, lease).places.add(id)
    return true
  }

  const apply = (states: readonly SharedState[]): void => mirror.apply(states, clock.now())

  function ended(lease: LeaseRecord, id: string, marks: ReadonlyMap<string, number>): void {
    news.ended(lease)
    const refunds: Refund[] = []
    for (const hold of lease.holds) {
      const mirrored = mirror.of(hold, lease)
      const { limit, key } = mirrored
      const isPlace = limit.spec.metric === 'concurrency'
      if (isPlace) mirrored.places.delete(id)
      const mark = marks.get(key)
      if (mark === undefined && !isPlace) continue
      const back = isPlace ? 1 : hold.asked - (hold.cost - hold.late)
      const more = isPlace ? 0 : hold.late
      if (back === 0 && more === 0) continue
      refunds.push({ ...sharedLimit(key, limit, wall()), mark: mark ?? 0, back, more })
    }
    if (refunds.length > 0) void pay(id, refunds)
  }

  async function pay(id: string, refunds: Refund[], once = 0): Promise<void> {
    try {
      if (presence.isAway()) throw new Error('away')
      const told = await timed(ledger.settle(id, refunds, once))
      if (!renewed(told.born)) apply(told.states)
    } catch (error) {
      // A refund that is lost costs a little room; a charge that is lost would be an excess.
      owe(
        id,
        refunds.filter(({ shape, back, more }) => shape === 'places' || back < more),
      )
      lose(error)
    }
  }

  function owe(id: string, refunds: Refund[]): void {
    if (refunds.length > 0 && owed.push({ id, refunds }) > MOST_OWED) owed.shift()
  }

  function confirmAlone(lease: LeaseRecord): boolean {
    if (on_loss === 'refuse') {
      lease.withdraw()
      throw new GatewayError('queue_full', 'The shared state of the replicas cannot be reached; try again in 1 s.', {
        status: 503,
        code: 'no_shared_state',
        retryAfter: 1000,
      })
    }
    const limits = lease.holds.map((hold) => mirror.of(hold, lease))
    const now = clock.now()
    const share = presence.share()
    for (const each of limits) share?.cut(each, now)
    if (share && !limits.every((each) => share.fits(each, now))) {
      lease.withdraw()
      inner().corrected(lease)
      return false
    }
    return enter(lease, nextId(), new Map())
  }

  return {
    acquire,
    freed({ key, born, text }) {
      const mirrored = mirror.get(key)
      if (!mirrored || presence.isAway() || !presence.isSame(born)) return
      const { shape } = sharedLimit(key, mirrored.limit, wall())
      mirror.apply([{ key, state: ledger.read(shape, text) }], clock.now())
      mirrored.limit.until = Math.min(mirrored.limit.until, clock.now() + DISAGREED)
      inner().corrected(mirrored.lease)
    },
    hear: news.hear,
    switched: news.switched,
    report: () => ({
      replica,
      replicas: [...presence.names()],
      state: presence.isAway() ? 'away' : 'shared',
      ...counts,
    }),
    start: presence.start,
    close: presence.close,
  }
}
