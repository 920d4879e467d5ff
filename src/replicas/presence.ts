/**
 * Is the ledger there, and who else? Signs of life go out with a beat; when the ledger does not answer, limits are cut down
 * to this replica's share until it does, and then it hears what was taken meanwhile, or all that is known here.
 */
import type { Clock } from '../scheduler/clock.ts'
import type { Charge, Place, SharedLimit, SharedState, Told } from './ledger/ledger-calls.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Mirror, Mirrored } from './mirror.ts'
import { freeOf, sharedLimit } from './shared-limit.ts'
import { createStaticShare, SPARE, type StaticShare, type Tally } from './static-share.ts'

/** Milliseconds that a place is kept for a replica that says nothing more. */
export const PLACE = 15_000
/** Milliseconds between two signs of life, and how long one counts. */
const BEAT = 1000
const LIVES = 5000
/** Milliseconds between two looks for a ledger that is away, doubled up to the longest; and for others, when it is back. */
const SOONEST_LOOK = 100
const LONGEST_LOOK = 2000
/** Limits that are looked at with each beat. */
const FRESH = 1000
/** Limits that one call may touch. */
const AT_ONCE = 200

export interface PresenceParts {
  ledger: Ledger
  mirror: Mirror
  clock: Clock
  random: () => number
  /** Name of this replica. */
  replica: string
  /** The least number of replicas that limits are divided by. */
  least: number
  /** Are limits cut down while the ledger is away? */
  isCut: boolean
  /** A lease's name that no other has. */
  nextId: () => string
  /** By the ledger's clock. */
  wall: () => number
  /** Counts a round trip and its time. */
  timed: <T>(call: Promise<T>) => Promise<T>
  /** What is to be charged when it is back. */
  owe: (charges: readonly Charge[]) => void
  /** A lease that keeps none of its places when it is back. */
  release: (id: string, charges: readonly Charge[]) => void
  /** The ledger has gone or come back. */
  changed: (isAway: boolean, why: string) => void
}

export interface Presence {
  isAway(): boolean
  /** While the ledger is away, where limits are cut down. */
  share(): StaticShare | undefined
  /** Of all that live, as far as is known. */
  names(): readonly string[]
  /** Do all that live know of slices? */
  mayLend(): boolean
  /** Is this the server that answered before? */
  isSame(born: string): boolean
  /** Does another server answer, or the same one after a restart? Then it must first hear what is known here. */
  renewed(born: string): boolean
  /** The ledger did not answer. */
  lose(error: unknown): void
  /** The first look; a ledger that is not there is looked for again. */
  start(): Promise<void>
  close(): void
}

export function createPresence(parts: PresenceParts): Presence {
  const { ledger, mirror, clock, random, replica, least, isCut, nextId, wall, timed, owe, release, changed } = parts
  let names: readonly string[] = [replica]
  let born: string | undefined
  let share: StaticShare | undefined
  /** Names of places that are told before anybody holds them, and the limits of which there are any. */
  let spares: string[] = []
  const spared = new Set<Mirrored>()
  let isAway = false
  let mayLend = false
  let isClosed = false
  let stop = (): void => {}

  function lose(error: unknown): void {
    if (isAway || isClosed) return
    isAway = true
    cutAll()
    changed(true, error instanceof Error ? error.message : 'it does not answer')
    look(SOONEST_LOOK)
  }

  function cutAll(): void {
    if (!isCut) return
    share ??= createStaticShare(Math.max(0, names.indexOf(replica)), Math.max(least, names.length))
    const now = clock.now()
    for (const each of mirror.all()) share.cut(each, now)
  }

  function renewed(told: string): boolean {
    if (born === undefined || told === born) {
      born = told
      return false
    }
    lose(new Error('its server was started anew'))
    return true
  }

  function look(pause: number): void {
    stop()
    // Not all at once: a server that comes back would be overrun.
    stop = clock.setTimer(clock.now() + pause * (0.5 + random()), () => void comeBack(pause), false)
  }

  async function comeBack(pause: number): Promise<void> {
    // A share of nothing goes on resting.
    cutAll()
    try {
      const before = names
      const told = await timed(greet(false))
      const isSame = told.born === born
      const states = await reconcile(isSame, told, before)
      if (isClosed) return
      born = told.born
      // Not before: who looks once more still waits for all that it knew when the ledger went.
      note(told)
      isAway = false
      endShare(states)
      // Places that were taken while it was told.
      void sayAlive().catch(lose)
      changed(false, isSame ? 'it answers again' : 'its server was started anew')
    } catch {
      share?.goOn()
      if (!isClosed) look(Math.min(LONGEST_LOOK, pause * 2))
    }
  }

  const limitOf = ({ key, limit }: Mirrored): SharedLimit => sharedLimit(key, limit, wall())

  /** As the ledger knows it: the own window is cut down. */
  function wholeOf({ mirrored, amount }: Tally): SharedLimit {
    const limit = limitOf(mirrored)
    return { ...limit, amount, capacity: (limit.capacity * amount) / limit.amount }
  }

  /** What would be free of it now had nothing been taken since the ledger went. */
  function roomBefore(each: Tally): number {
    const whole = wholeOf(each)
    return Math.min(whole.capacity, freeOf(whole, each.known, clock.wall()) + each.unheard)
  }

  /**
   * The ledger hears what was taken meanwhile; one that may have lost something first hears what was known before. The share
   * is kept to until all is told, by all: the room that others have not told of yet is theirs. Who has told takes no more of its
   * share than it has paid for ahead.
   */
  async function reconcile(
    isSame: boolean,
    { at, born: answers }: Told,
    before: readonly string[],
  ): Promise<SharedState[]> {
    if (!share) return []
    if (!isSame)
      // Not what was taken since: another's would be covered by it now, but not when it ends, where entries end one by one.
      for (const part of chunks(windowsOf(share.tally())))
        await timed(ledger.merge(part.map((each) => ({ ...wholeOf(each), room: roomBefore(each) }))))
    const until = clock.now() + LIVES
    for (;;) {
      await payTaken(before.length > 1 ? share.ahead(SOONEST_LOOK) : share.tally())
      if ((await timed(greet(true, spare()))).born !== answers) throw new Error('its server was started anew')
      const heard = new Set(await timed(ledger.heard(at, LIVES)))
      if (isClosed || clock.now() >= until || before.every((name) => heard.has(name))) break
      await new Promise<void>((resolve) => void clock.setTimer(clock.now() + SOONEST_LOOK, resolve, false))
    }
    const told: SharedState[] = []
    for (const part of chunks(share.tally()))
      told.push(...(await timed(ledger.peek(part.map((each) => wholeOf(each))))).states)
    return told
  }

  /** @param told what the ledger knows of limits */
  function endShare(told: readonly SharedState[]): void {
    if (!share) return
    const rest = windowsOf(share.end(clock.now())).filter(({ taken }) => taken > 0)
    share = undefined
    owe(rest.map((each): Charge => ({ ...limitOf(each.mirrored), need: 0, cost: each.taken })))
    const unused = [...spared].map((each): Charge => ({ ...limitOf(each), need: 0, cost: 1 }))
    for (const part of chunks(unused)) for (const id of spares) release(id, part)
    spares = []
    spared.clear()
    mirror.apply(told, clock.now())
  }

  async function payTaken(taken: readonly Tally[]): Promise<void> {
    for (const part of chunks(windowsOf(taken).filter((each) => each.taken > 0))) {
      const charges = part.map((each): Charge => ({ ...wholeOf(each), need: 0, cost: each.taken }))
      await timed(ledger.acquire(nextId(), PLACE, [charges], true))
      share?.paid(part)
    }
  }

  /**
   * @param isTold nothing was taken here that the ledger does not know of
   * @param more places that are told beside those that are held
   */
  function greet(isTold: boolean, more: readonly Place[] = []): ReturnType<Ledger['hello']> {
    const places = [...mirror.all()].flatMap(({ key, places: held }) =>
      [...held].map((lease) => ({ key, lease, ttl: PLACE })),
    )
    return ledger.hello(LIVES, [...places, ...more], isTold ? ledger.heardAt() : undefined)
  }

  /** Others that are back take what the ledger shows as free: places that may be taken here until it hears again are none of it. */
  function spare(): Place[] {
    if (spares.length === 0) spares = Array.from({ length: SPARE }, nextId)
    return (share?.spare() ?? []).flatMap(({ mirrored, count }) => {
      spared.add(mirrored)
      return spares.slice(0, count).map((lease) => ({ key: mirrored.key, lease, ttl: PLACE }))
    })
  }

  function note(told: { names: string[]; mayLend: boolean }): void {
    names = told.names.toSorted()
    mayLend = told.mayLend
  }

  function beat(): void {
    stop()
    stop = clock.setTimer(clock.now() + BEAT, () => void sayAlive().catch(lose), false)
  }

  async function sayAlive(): Promise<void> {
    const told = await timed(greet(true))
    if (isClosed || isAway || renewed(told.born)) return
    note(told)
    beat()
    await freshen()
  }

  /** What others have taken meanwhile, so that a share is cut from what is true when the ledger goes away. */
  async function freshen(): Promise<void> {
    const limits = [...mirror.all()].slice(0, FRESH).map(({ key, limit }) => sharedLimit(key, limit, wall()))
    for (const part of chunks(limits)) {
      const told = await timed(ledger.peek(part))
      if (isAway || renewed(told.born)) return
      mirror.apply(told.states, clock.now())
    }
  }

  return {
    isAway: () => isAway,
    share: () => share,
    names: () => names,
    mayLend: () => mayLend,
    isSame: (told) => told === born,
    renewed,
    lose,
    async start() {
      try {
        const told = await greet(true)
        born = told.born
        note(told)
        beat()
      } catch (error) {
        lose(error)
      }
    },
    close() {
      isClosed = true
      stop()
    },
  }
}

function windowsOf(list: readonly Tally[]): Tally[] {
  return list.filter(({ mirrored }) => mirrored.limit.spec.metric !== 'concurrency')
}

function* chunks<T>(list: readonly T[]): Generator<T[]> {
  for (let start = 0; start < list.length; start += AT_ONCE) yield list.slice(start, start + AT_ONCE)
}
