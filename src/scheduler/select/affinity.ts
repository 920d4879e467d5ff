/** Prompt caches live with a key: a conversation stays on the key that knows it, as long as that key is not behind with its work. */
import type { Choice, KeyGroup, Tier } from '../topology/key-group.ts'
import { LruMap } from '../structures/lru-map.ts'
import type { Waiting } from '../queue/waiting.ts'
import type { AcquireRequest } from '../types.ts'

/**
 * Milliseconds. Vendors forget a prompt after five minutes to an hour, some after a day; to come back to a key that has
 * forgotten costs no more than to go to one that never knew.
 */
const LIFETIME = 3_600_000
const REMEMBERED = 20_000
/** Keys that know one beginning. */
const MOST_HOMES = 16
/** Keys are hashed in groups, so that ten thousand cost two short rounds rather than a long one. */
const GROUP = 64
/** Turns that a key may be ahead of its share and still be given a beginning that nobody knows. */
const SLACK = 2
/** Requests under way: two, and so many standard deviations of chance above its share, are not too many for a warm key. */
const IDLE = 2
const DEVIATIONS = 3

/** Tokens: vendors keep no shorter beginning. */
const CACHED_FROM = 1024
/**
 * Milliseconds that a request waits for the key that knows it while others are free, and the part of its patience at most:
 * a larger one in standing overload, where all wait anyhow and another takes the free key.
 */
const LOYALTY = 1000
const LOYAL_SHARE = 0.1
const LOYAL_IN_OVERLOAD = 0.25

interface Home extends Choice {
  until: number
}

/** Of each beginning the keys that know it, the one that was used last first. */
export type Homes = LruMap<Home[]>

export function createHomes(): Homes {
  return new LruMap(REMEMBERED)
}

/** The keys among these that have served a beginning and are likely to know it still. */
export function* knownHomes(
  homes: Homes,
  keyGroups: readonly KeyGroup[],
  affinity: string,
  now: number,
): Generator<Choice> {
  for (const home of homes.get(affinity) ?? []) {
    if (home.until > now && keyGroups.includes(home.keyGroup)) yield home
  }
}

/**
 * Where a beginning belongs that no key knows: by weighted rendezvous hashing, which agrees across restarts and replicas
 * and moves only 1/n of the beginnings when a key comes or goes. Undefined where caching is not per key.
 */
export function firstHome(keyGroups: readonly KeyGroup[], affinity: string): Choice | undefined {
  const seed = hash(affinity)
  let best: Choice | undefined
  let score = -Infinity
  for (const keyGroup of keyGroups) {
    if (!keyGroup.provider.spec.cache_per_key || keyGroup.size === 0) continue
    const { keys } = keyGroup.provider
    const group = rendezvous(
      Math.ceil(keys.length / GROUP),
      (index) => mix(seed ^ mix(index + 0x9e37)),
      () => 1,
    )
    const from = group.index * GROUP
    const size = Math.min(GROUP, keys.length - from)
    const name = hash(keyGroup.provider.spec.name)
    const { index, score: here } = rendezvous(
      size,
      (index) => mix(seed ^ mix(name ^ (from + index))),
      (index) => keyGroup.weight(from + index),
    )
    if (here > score) {
      score = here
      best = { keyGroup, slot: from + index, warm: true }
    }
  }
  return best
}

/** Not ahead of its share of turns: a conversation may begin here as well as with the next in turn. */
export function withinShare({ keyGroup, slot }: Choice): boolean {
  let front = Infinity
  for (const each of keyGroup.tier.keyGroups) front = Math.min(front, each.front())
  return (keyGroup.virtual[slot] ?? 0) <= Math.min(front, Number.MAX_VALUE) + SLACK / keyGroup.weight(slot)
}

/**
 * Has a key no more under way than chance alone brings? Turns do not matter: on idle keys a conversation costs nobody
 * anything.
 */
export function isAtLeisure({ keyGroup, slot }: Choice): boolean {
  const { inFlight } = keyGroup.key(slot)
  if (inFlight < IDLE) return true
  const share = meanOf(keyGroup.tier) * keyGroup.weight(slot)
  return inFlight < IDLE + share + DEVIATIONS * Math.sqrt(share)
}

/** Until when a request would rather wait for its own key than be read anew by another: the longer reading costs more. */
export function loyalUntil({ affinity, short, input }: AcquireRequest, arrived: number, deadline: number): number {
  if (affinity === undefined || short || input < CACHED_FROM) return 0
  return arrived + Math.min(LOYALTY, LOYAL_SHARE * (deadline - arrived))
}

export function isLoyal({ loyalUntil: until, arrived, deadline }: Waiting, at: number, isOverload: boolean): boolean {
  return at < until || (isOverload && until > 0 && at < arrived + LOYAL_IN_OVERLOAD * (deadline - arrived))
}

/** Requests under way for each unit of weight. */
function meanOf({ keyGroups }: Tier): number {
  let underWay = 0
  let weight = 0
  for (const { provider, route } of keyGroups) {
    underWay += provider.inFlight
    weight += provider.weight * route.weight
  }
  return weight > 0 ? underWay / weight : 0
}

/** The key that served a beginning has it in its cache now. */
export function settleHome(homes: Homes, affinity: string, { keyGroup, slot }: Choice, now: number): void {
  if (!keyGroup.provider.spec.cache_per_key) return
  const known = homes.get(affinity)
  const [last] = known ?? []
  if (known && last?.keyGroup === keyGroup && last.slot === slot) {
    last.until = now + LIFETIME
    return homes.set(affinity, known)
  }
  const others = known?.filter((home) => home.until > now && (home.keyGroup !== keyGroup || home.slot !== slot)) ?? []
  const home = { keyGroup, slot, warm: true, until: now + LIFETIME }
  homes.set(affinity, [home, ...others.slice(0, MOST_HOMES - 1)])
}

function rendezvous(count: number, hashAt: (index: number) => number, weightAt: (index: number) => number) {
  let index = 0
  let score = -Infinity
  for (let candidate = 0; candidate < count; candidate++) {
    const weight = weightAt(candidate)
    // Weighted rendezvous: −w / ln(u) keeps each one's share exactly at its weight.
    const here = weight > 0 ? -weight / Math.log((hashAt(candidate) + 0.5) / 2 ** 32) : -Infinity
    if (here > score) {
      score = here
      index = candidate
    }
  }
  return { index, score }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}

/** Spreads the bits of a 32-bit number: murmur3's finaliser. */
function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}
