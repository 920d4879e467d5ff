/** Chance that is the same each time: every choice of the sandbox follows from what it was asked. */
import { createHash } from 'node:crypto'

/** 0 ≤ x < 1, the next of its sequence at each call. */
export type Random = () => number

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The mulberry32 generator, seeded with the hash of a text. */
export function randomOf(text: string): Random {
  let state = Number.parseInt(hashOf(text).slice(0, 8), 16)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** An integer, both ends included. */
export const between = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1))

/** Throws RangeError on an empty list. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}
