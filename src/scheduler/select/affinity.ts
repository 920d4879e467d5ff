/** Prompt caches live with a key: the same prefix goes to the same key, as long as that key is not ahead of its share. */
import type { Choice, KeyGroup } from '../topology/key-group.ts'
import { LruMap } from '../structures/lru-map.ts'

/** A provider forgets a prompt after some five minutes. */
const LIFETIME = 300_000
const REMEMBERED = 20_000
/** Keys are hashed in groups, so that ten thousand cost two short rounds rather than a long one. */
const GROUP = 64
/** Turns that a warm key may be ahead of its share. */
const SLACK = 2

interface Home extends Choice {
  readonly until: number
}

export type Homes = LruMap<Home>

export function createHomes(): Homes {
  return new LruMap(REMEMBERED)
}

/**
 * Where a prefix belongs: where it was served last, else by weighted rendezvous hashing, which agrees across restarts
 * and replicas and moves only 1/n of the prefixes when a key comes or goes. Undefined where caching is not per key.
 */
export function homeOf(
  homes: Homes,
  keyGroups: readonly KeyGroup[],
  affinity: string,
  now: number,
): Choice | undefined {
  const home = homes.get(affinity)
  if (home && home.until > now && keyGroups.includes(home.keyGroup)) return home
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

/** Warm and not ahead of its share: better than the next in turn. */
export function withinShare({ keyGroup, slot }: Choice): boolean {
  let front = Infinity
  for (const each of keyGroup.tier.keyGroups) front = Math.min(front, each.front())
  return (keyGroup.virtual[slot] ?? 0) <= Math.min(front, Number.MAX_VALUE) + SLACK / keyGroup.weight(slot)
}

/** The key that served a prefix has it in its cache now. */
export function settleHome(homes: Homes, affinity: string, { keyGroup, slot }: Choice, now: number): void {
  if (!keyGroup.provider.spec.cache_per_key) return
  homes.set(affinity, { keyGroup, slot, warm: true, until: now + LIFETIME })
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
