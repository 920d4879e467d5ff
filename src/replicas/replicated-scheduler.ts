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
import type { Other } from '../scheduler/select/others.ts'
import type { LiveScheduler } from '../scheduler/scheduler.ts'
import type { AcquireRequest, KeyChange, Lease, ReplicaReport } from '../scheduler/types.ts'
import type { Acquired, Charge } from './ledger/ledger-calls.ts'
import type { Ledger } from './ledger/ledger.ts'
import { createAhead } from './ahead.ts'
import { chargesOf, otherParts, partsOf } from './charges.ts'
import { createFairParts } from './fair-part.ts'
import { createMirror, type Mirrored } from './mirror.ts'
import { createNews } from './news/news.ts'
import { createPresence, PLACE } from './presence.ts'
import { createRefunds, type Charged } from './refunds.ts'
import { createRoundTrips, ROUND_TRIP_BOUNDS } from './round-trips.ts'
import { sharedLimit } from './shared-limit.ts'
import { createSlices, type Part } from './slices.ts'
import { countLate } from './static-share.ts'

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
  /** A key was changed here. */
  adjusted(key: string, change: KeyChange): void
  /** The first look at the ledger; one that is not there is looked for again. */
  start(): Promise<void>
  close(): void
}

/** The longest that a limit rests where the ledger and the own window disagree, in milliseconds. */
const DISAGREED = 50
/** Keys that are tried in one call beside the first, for so many milliseconds after one was refused. */
const OTHERS = 3
const CONTENDED = 10_000
/** Of what has no limits. */
const NOTHING: ReadonlyMap<string, Charged> = new Map()

export function createReplicas(
  inner: () => LiveScheduler,
  ledger: Ledger,
  { replica, on_loss, least, clock, random, changed }: ReplicaOptions,
): Replicas {
  const mirror = createMirror((name) => ledger.keyOf('limit', name))
  let last = 0
  let contendedUntil = -Infinity
  const counts = { refused: 0, losses: 0 }

  /** By the ledger's clock. */
  const wall = (): number => clock.wall() - ledger.offset()

  const roundTrips = createRoundTrips(clock)
  const { timed } = roundTrips
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
    owe: (charges) => refunds.owe(nextId(), [], charges),
    release: (id, charges) => refunds.owe(id, [charges], []),
    changed(isAway, why) {
      changed(isAway, why)
      slices.drop()
      if (isAway) return void counts.losses++
      for (const each of mirror.all()) inner().corrected(each.lease)
      refunds.payOwed()
    },
  })
  const sharers = (): number => (presence.mayLend() && !presence.isAway() ? presence.names().length : 0)
  const slices = createSlices(clock, sharers, (mirrored, { mark, left }) => refunds.put(mirrored, mark, left, 0))
  const refunds = createRefunds({
    ledger,
    mirror,
    presence: () => presence,
    clock,
    wall,
    nextId,
    timed,
    apply: (states) => mirror.apply(states, clock.now()),
    charge: slices.charge,
  })
  const fairParts = createFairParts(clock, random, () => presence.names().length)
  const { lose, renewed } = presence
  const news = createNews(inner, replica, clock, (text) => {
    if (!presence.isAway()) ledger.say(text).catch(lose)
  })

  const ahead = createAhead({ ledger, mirror, presence, slices, clock, wall, nextId, timed, enter })

  async function acquire(request: AcquireRequest): Promise<Lease> {
    const before = request.waited ?? 0
    const arrived = clock.now()
    for (;;) {
      const lease = await inner().acquire({ ...request, waited: before + (clock.now() - arrived) })
      if (!(lease instanceof LeaseRecord)) return lease
      const ours = lease.holds.length === 0 ? enter(lease, '', NOTHING) : (ahead.lend(lease) ?? (await confirm(lease)))
      if (request.signal?.aborted) {
        // Nothing has left: it costs nobody anything.
        ours?.current.withdraw()
        throw new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
      }
      if (ours) return ours
    }
  }

  async function confirm(lease: LeaseRecord): Promise<LeaseRecord | undefined> {
    if (presence.isAway()) return confirmAlone(lease)
    const id = nextId()
    const parts = partsOf(mirror, lease)
    if (fairParts.leaves(parts, lease.item.request.maxWait)) {
      lease.current.withdraw()
      inner().corrected(lease.current)
      return undefined
    }
    slices.note(parts)
    const wanted = slices.want(parts)
    const charges = lease.holds.map((hold, index): Charge => {
      const { key, limit } = (parts[index] as Part).mirrored
      const base = sharedLimit(key, limit, wall())
      return { ...base, need: needOf(limit.spec, lease.demand), cost: hold.asked, ...wanted[index] }
    })
    const sent = clock.now()
    const isWithin = (each: Other): boolean => fairParts.isWithin(otherParts(mirror, each, lease))
    const others = sent < contendedUntil ? inner().others(lease, OTHERS).filter(isWithin) : []
    const candidates = [charges, ...others.map((other) => chargesOf(mirror, other, lease, wall()))]
    parts.forEach(({ mirrored }, index) => mirrored.pending.set(lease, lease.holds[index]?.asked ?? 0))
    const answered = (): void => parts.forEach(({ mirrored }) => mirrored.pending.delete(lease))
    let told: Acquired
    try {
      told = await timed(ledger.acquire(id, PLACE, candidates))
    } catch (error) {
      lose(error)
      answered()
      let ours: LeaseRecord | undefined
      try {
        ours = confirmAlone(lease.current)
        if (ours) countLate(ours.holds, clock.now())
        return ours
      } finally {
        // Where there is a share, it tells of what was taken of it.
        refunds.owe(id, candidates, ours && !presence.share() ? charges : [])
      }
    }
    answered()
    const isNew = renewed(told.born)
    const charged = new Map(told.own.map(({ key, mark }) => [key, { mark, slice: undefined }]))
    if (told.taken === 0) {
      confirmed(lease.current, parts)
      enter(lease.current, id, charged)
      if (!isNew) ahead.hear(told, sent)
      return lease
    }
    counts.refused++
    contendedUntil = clock.now() + CONTENDED
    const other = others[told.taken - 1]
    if (other && lease.current === lease) {
      const ours = inner().exchange(lease, other)
      confirmed(ours, partsOf(mirror, ours))
      enter(ours, id, charged)
      if (!isNew) ahead.hear(told, sent)
      fairParts.beaten(parts)
      return ours
    }
    lease.current.withdraw()
    if (!isNew) ahead.hear(told, sent)
    fairParts.beaten(parts)
    if (other) giveBack(id, candidates[told.taken] ?? [], charged)
    const mirrored = mirror.get(candidates.flat()[told.worst]?.key ?? '')
    if (mirrored) rest(mirrored, told)
    inner().corrected(lease.current)
    return undefined
  }

  /** The answer may have come when limits were cut down to the share already. */
  function confirmed(lease: LeaseRecord, parts: readonly Part[]): void {
    fairParts.took(parts)
    const share = presence.share()
    if (share) for (const hold of lease.holds) share.confirmed(mirror.of(hold, lease), hold.asked)
  }

  /** A reload came between: the key that was taken is another scheduler's. */
  function giveBack(id: string, charges: readonly Charge[], charged: ReadonlyMap<string, Charged>): void {
    const all = charges.map((each) => ({ ...each, mark: charged.get(each.key)?.mark ?? 0, back: each.cost, more: 0 }))
    void refunds.pay(id, all)
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
      if (renewed(told.born) || presence.isAway()) return
      mirror.apply(told.states, clock.now())
      inner().corrected(lease)
    } catch (error) {
      lose(error)
    }
  }

  /** @param charged what the ledger charged each limit; nothing of what is served in its absence */
  function enter(lease: LeaseRecord, id: string, charged: ReadonlyMap<string, Charged>): LeaseRecord {
    lease.onEnd = (last) => {
      news.ended(last)
      refunds.ended(last, id, charged)
    }
    mirror.given(lease, id, charged)
    return lease
  }

  function confirmAlone(lease: LeaseRecord): LeaseRecord | undefined {
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
    limits.forEach((each, index) => share?.cut(each, now, lease.holds[index]?.asked))
    if (share && !limits.every((each) => share.fits(each, now))) {
      lease.withdraw()
      inner().corrected(lease)
      return undefined
    }
    return enter(lease, nextId(), NOTHING)
  }

  return {
    acquire,
    freed({ key, born, text }) {
      const mirrored = mirror.get(key)
      if (!mirrored || presence.isAway() || !presence.isSame(born)) return
      fairParts.wanted(mirrored)
      const { shape } = sharedLimit(key, mirrored.limit, wall())
      mirror.apply([{ key, state: ledger.read(shape, text) }], clock.now())
      mirrored.limit.until = Math.min(mirrored.limit.until, clock.now() + DISAGREED)
      inner().corrected(mirrored.lease)
    },
    hear: news.hear,
    adjusted: news.adjusted,
    report: () => ({
      replica,
      replicas: [...presence.names()],
      state: presence.isAway() ? 'away' : 'shared',
      ...counts,
      ahead: ahead.count(),
      roundTrips: roundTrips.count(),
      latency: roundTrips.last(),
      roundTripSeconds: { bounds: ROUND_TRIP_BOUNDS, counts: roundTrips.seconds() },
    }),
    start: presence.start,
    close: presence.close,
  }
}
