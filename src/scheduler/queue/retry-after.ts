/**
 * Retry-After is a promise: each moment that somebody was told is written down, so that the next is told a later one, and
 * room is kept for who comes back on time. Whether they do is learnt, since room for who stays away is room lost.
 */
import { Heap } from '../structures/heap.ts'
import type { Choice } from '../topology/key-group.ts'
import type { Placed } from '../structures/heap.ts'

/** Who comes this much sooner than told is on time: clocks and timers are not exact. Milliseconds. */
const EARLY = 20
/** Who asks again before its time is told the same moment, so often; after that it is taken for another request. */
const TOLD_AGAIN = 2
/** Who has not come by then will not. */
const LATE = 5000
/** How much each one that fell due says of those that follow. */
const SPEED = 0.04
/** There is always somebody who comes back, so a little is always believed. */
const LEAST_KEPT = 0.05
/** RetryPromises at once; what is told beyond is not written down. */
const MOST = 100_000
/** Seconds ahead for which the sums are at hand. */
const SLOTS = 4096

/** One who was told when to come back. */
export interface Told extends Placed {
  readonly at: number
  /** First seen, which is its place among its client's. */
  readonly since: number
  readonly client: string
  /** What tells the same request when it comes again. */
  readonly mark: string
  /** In requests of the usual size; 0 for what is left of one that was told to several, and has been claimed. */
  readonly size: number
  /** Later than most client libraries obey. */
  readonly far: boolean
  /** The key on which room is kept for it. */
  readonly kept?: Choice | undefined
  /** How often it asked before its time. */
  again: number
}

export class RetryPromises {
  private readonly due = new Heap<Told>((a, b) => a.at < b.at)
  /** Each soonest first. */
  private readonly marks = new Map<string, Told[]>()
  private readonly clients = new Map<string, number>()
  /** Sizes by the second they are due in, a ring. */
  private near = new Float64Array(0)
  private beyond = new Float64Array(0)
  private total = 0
  private totalFar = 0
  /** The share of those who fell due that came. */
  private kept = 1
  private keptFar = 1

  get size(): number {
    return this.due.size
  }

  add(told: Told): void {
    if (this.due.size >= MOST) return
    if (this.near.length === 0) {
      this.near = new Float64Array(SLOTS)
      this.beyond = new Float64Array(SLOTS)
    }
    this.due.push(told)
    const same = this.marks.get(told.mark) ?? []
    let place = same.length
    while (place > 0 && (same[place - 1]?.at ?? 0) > told.at) place--
    same.splice(place, 0, told)
    this.marks.set(told.mark, same)
    this.count(told, told.size)
  }

  /** Somebody asks: the promise that this is the return for, which is thereby kept. */
  claim(mark: string, now: number): Told | undefined {
    this.expire(now)
    const first = this.marks.get(mark)?.[0]
    if (!first || first.at > now + EARLY) return undefined
    this.drop(first)
    if (first.size > 0) this.learn(first, 1)
    // Who was told the same moment may have been another request that looks alike: it is on time as well.
    if (first.again > 0) this.add({ ...first, size: 0, kept: undefined, again: first.again - 1, place: -1 })
    return first
  }

  /** What the only request of a kind was told, when it asks again before its time; of several nobody knows which it is. */
  again(mark: string, now: number): Told | undefined {
    this.expire(now)
    const same = this.marks.get(mark)
    const told = same?.length === 1 ? same[0] : undefined
    // a moment that is here is none to come back at: whoever held this place was on time
    if (!told || told.at <= now + EARLY) return undefined
    return told.again++ < TOLD_AGAIN ? told : undefined
  }

  /** All who are to come, in requests of the usual size, as far as they usually do. */
  outstanding(now: number): number {
    this.expire(now)
    return this.total * this.kept + this.totalFar * this.keptFar
  }

  /** Those of them who are due within `horizon` milliseconds. */
  within(horizon: number, now: number): number {
    if (this.due.size === 0) return 0
    this.expire(now)
    const end = Math.floor((now + Math.min(horizon, (SLOTS - 10) * 1000)) / 1000)
    let near = 0
    let far = 0
    for (let second = Math.floor((now - LATE) / 1000); second <= end; second++) {
      near += this.near[slotOf(second)] ?? 0
      far += this.beyond[slotOf(second)] ?? 0
    }
    return near * this.kept + far * this.keptFar
  }

  /** Those of one client. */
  of(client: string): number {
    return (this.clients.get(client) ?? 0) * this.kept
  }

  /** The clients that any of them belong to. */
  names(): Iterable<string> {
    return this.clients.keys()
  }

  private expire(now: number): void {
    for (let told = this.due.first(); told && told.at + LATE < now; told = this.due.first()) {
      this.drop(told)
      if (told.size > 0) this.learn(told, 0)
    }
  }

  private learn({ far }: Told, came: 0 | 1): void {
    if (far) this.keptFar = Math.max(LEAST_KEPT, this.keptFar + SPEED * (came - this.keptFar))
    else this.kept = Math.max(LEAST_KEPT, this.kept + SPEED * (came - this.kept))
  }

  private drop(told: Told): void {
    this.due.remove(told)
    const same = this.marks.get(told.mark)
    if (same) {
      if (same.length > 1) same.splice(same.indexOf(told), 1)
      else this.marks.delete(told.mark)
    }
    this.count(told, -told.size)
  }

  private count({ at, client, far }: Told, size: number): void {
    const slot = slotOf(Math.floor(at / 1000))
    if (this.due.size === 0) this.total = this.totalFar = 0
    else if (far) this.totalFar += size
    else this.total += size
    const ring = far ? this.beyond : this.near
    ring[slot] = (ring[slot] ?? 0) + size
    const of = (this.clients.get(client) ?? 0) + (far ? 0 : size)
    if (of > 1e-6) this.clients.set(client, of)
    else this.clients.delete(client)
  }
}

function slotOf(second: number): number {
  return ((second % SLOTS) + SLOTS) % SLOTS
}
