/**
 * A conversation comes again with each of its turns, longer by a little: the messages that came before are known by their bytes.
 * They are not parsed again, and what was made of each (its normal form, its cost) is made once.
 */
import { crc32 } from 'node:zlib'
import { recurs } from '../../../runtime/recurring.ts'
import { canHideKeys } from './hidden-keys.ts'
import { endOf, skipSpace } from '../../../runtime/json/scan.ts'
import { createSeenOnce } from './seen-once.ts'
import { around, inOrder, type Span } from './known-span.ts'

export interface KnownHistory {
  /** The longest beginning of a conversation that came before; whether it is that of the body's list, its skeleton tells. */
  find(json: Buffer): Beginning | undefined
  /** Has a body that was parsed and taken more to be learnt than what was found? */
  isNew(json: Buffer, body: Record<string, unknown>, found: Beginning | undefined): boolean
  /**
   * Remembers the conversation of such a body.
   * @param tools where known tools stand, which need not be parsed to see that this list is the body's own
   */
  learn(json: Buffer, body: Record<string, unknown>, tools: Span | undefined): void
}

/** The first items of a list. */
export interface Beginning extends Span {
  /** The list's name. */
  list: string
  items: object[]
  /** Is no key of theirs spelled with escapes? */
  isPlain: boolean
}

interface Known extends Omit<Beginning, keyof Span> {
  bytes: Buffer
  /** Of the first bytes. */
  start: number
  /** Where the first item begins in the body, and where each one ends behind that. */
  from: number
  ends: number[]
  /** Bytes that are held, as those of the whole body are. */
  held: number
  /** Did its conversation go on? */
  isUsed: boolean
}

/** Lists of turns, as the APIs name them. */
const LISTS = ['messages', 'input', 'contents']
/** Bytes of the bodies that are known, how many there are, and of one. */
const MOST = 16 * 1024 * 1024
const MOST_KNOWN = 64
const LONGEST = 2 * 1024 * 1024
/** Bytes of a beginning: what is shorter is as soon parsed. */
const SHORTEST = 4096
/** Of those that were forgotten unused so many make this sparing, and one that is used is worth some. */
const PATIENCE = 64
const WORTH = 4
/** Then one in so many is learnt. */
const SOME = 16
/** Keys of the list's name that are looked at. */
const TRIES = 3

const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const COMMA = 0x2c
const COLON = 0x3a

/** @param mark stands for the items in a skeleton */
export function createKnownHistory(mark: string): KnownHistory {
  /** What was used last is last. */
  const known: Known[] = []
  const seen = createSeenOnce()
  /** Forgotten before they were of use, less than what was. */
  let vain = 0
  let passed = 0
  let size = 0

  function find(json: Buffer): Beginning | undefined {
    const last = known.at(-1)
    if (!last || json.length < SHORTEST) return undefined
    return longest(json, last.from) ?? longestElsewhere(json, last.from)
  }

  /** Where a list of that name begins in this body: other clients write other fields before it. */
  function longestElsewhere(json: Buffer, but: number): Beginning | undefined {
    for (const list of LISTS) {
      if (!known.some((each) => each.list === list)) continue
      const from = placesOf(json, list).next().value
      const found = from === undefined || from === but ? undefined : longest(json, from)
      if (found) return found
    }
    return undefined
  }

  /** @param from where the first item begins */
  function longest(json: Buffer, from: number): Beginning | undefined {
    if (json[from] !== OPEN || from + SHORTEST > json.length) return undefined
    const start = startOf(json, from)
    let best: Known | undefined
    let count = 0
    let length = SHORTEST - 1
    for (let i = known.length - 1; i >= 0; i--) {
      const each = known[i] as Known
      if (each.start !== start || each.bytes.length <= length) continue
      // what differs right behind what another one shares, shares no more
      if (best && !isSame(each, json, from, length, length + NEXT)) continue
      const shared = sharedOf(each, json, from)
      const bytes = shared === 0 ? 0 : (each.ends[shared - 1] as number)
      if (bytes <= length) continue
      best = each
      count = shared
      length = bytes
    }
    if (!best) return undefined
    known.push(...known.splice(known.indexOf(best), 1))
    best.isUsed = true
    vain = Math.max(0, vain - WORTH)
    const { list, isPlain } = best
    return { from, to: from + length, mark, list, items: best.items.slice(0, count), isPlain }
  }

  /** What comes once only is not worth the while, nor the memory: a conversation is learnt from its second turn on. */
  function isNew(json: Buffer, body: Record<string, unknown>, found: Beginning | undefined): boolean {
    if (json.length < SHORTEST || json.length > LONGEST) return false
    if (found) return (body[found.list] as unknown[]).length > found.items.length
    const list = LISTS.find((name) => body[name] !== undefined)
    const from = list === undefined ? undefined : placesOf(json, list).next().value
    if (from === undefined || from + SHORTEST > json.length || !seen.again(startOf(json, from))) return false
    // more conversations at once than there is room for: some of them are kept
    return vain < PATIENCE || ++passed % SOME === 0
  }

  function learn(json: Buffer, body: Record<string, unknown>, tools: Span | undefined): void {
    // of those that came at once the first was learnt meanwhile
    const found = find(json)
    if (found) return extend(json, body, found)
    for (const list of LISTS) {
      const items = body[list]
      if (!isOfMaps(items)) continue
      let left = TRIES
      for (const from of placesOf(json, list)) {
        const ends = endsOf(json, from, [], items.length)
        const span = { from, to: from + (ends?.at(-1) ?? 0), mark }
        if (ends && isListOf(around(json, inOrder(span, tools)), list, mark)) {
          const isPlain = !canHideKeys(json, span.from, span.to)
          return keep(json, { list, items, from, ends, isPlain })
        }
        if (--left === 0) break
      }
    }
  }

  function extend(json: Buffer, body: Record<string, unknown>, begun: Beginning): void {
    const { list, from, to } = begun
    const items = body[list]
    const count = begun.items.length
    if (!isOfMaps(items) || items.length <= count) return
    const before = known.at(-1) as Known
    const ends = endsOf(json, from, before.ends.slice(0, count), items.length)
    if (!ends) return
    if (before.items.length === count) forget(before)
    const isPlain = begun.isPlain && !canHideKeys(json, to, from + (ends.at(-1) as number))
    keep(json, { list, items: [...begun.items, ...items.slice(count)], from, ends, isPlain })
  }

  function keep(json: Buffer, learnt: Omit<Known, 'bytes' | 'start' | 'held' | 'isUsed'>): void {
    const length = learnt.ends.at(-1) as number
    if (length < SHORTEST) return seen.refuse(startOf(json, learnt.from))
    for (const item of learnt.items) recurs(item)
    const bytes = json.subarray(learnt.from, learnt.from + length)
    known.push({ ...learnt, bytes, start: startOf(bytes, 0), held: json.length, isUsed: false })
    size += json.length
    while (known.length > MOST_KNOWN || size > MOST) {
      const oldest = known[0] as Known
      if (!oldest.isUsed && vain < PATIENCE) vain++
      forget(oldest)
    }
  }

  function forget(each: Known): void {
    known.splice(known.indexOf(each), 1)
    size -= each.held
  }

  return { find, isNew, learn }
}

/** The same for all that share what is worth the while. */
function startOf(bytes: Buffer, from: number): number {
  return crc32(bytes.subarray(from, from + SHORTEST))
}

/** Bytes that are looked at before all are compared: forks of one conversation share nearly all. */
const NEXT = 64

function isSame({ bytes }: Known, json: Buffer, start: number, from: number, to: number): boolean {
  const end = Math.min(to, bytes.length)
  return start + end <= json.length && json.compare(bytes, from, end, start + from, start + end) === 0
}

/** How many of the first items are the same, byte by byte, where the list's first item begins there. */
function sharedOf(known: Known, json: Buffer, from: number): number {
  const { ends } = known
  if (isSame(known, json, from, 0, Infinity)) return ends.length
  let at = 0
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number
    if (!isSame(known, json, from, at, end)) return i
    at = end
  }
  return ends.length
}

/** Where the first item of a list of that name begins, for each such list that seems to be there. */
function* placesOf(json: Buffer, list: string): Generator<number, undefined> {
  const key = Buffer.from(`"${list}"`)
  for (let at = json.indexOf(key); at >= 0; at = json.indexOf(key, at + 1)) {
    const colon = skipSpace(json, at + key.length)
    const open = skipSpace(json, colon + 1)
    const first = skipSpace(json, open + 1)
    if (json[colon] === COLON && json[open] === OPEN_LIST && json[first] === OPEN) yield first
  }
}

/**
 * Where each item ends, behind `from`; undefined where there are not as many as the list was parsed to have.
 * @param begun those that are known
 */
function endsOf(json: Buffer, from: number, begun: number[], count: number): number[] | undefined {
  const ends = begun
  let at = from + (begun.at(-1) ?? 0)
  while (ends.length < count) {
    if (ends.length > 0) {
      const comma = skipSpace(json, at)
      if (json[comma] !== COMMA) return undefined
      at = skipSpace(json, comma + 1)
    }
    const end = json[at] === OPEN ? endOf(json, at, json.length) : 0
    if (end === 0) return undefined
    ends.push(end - from)
    at = end
  }
  return json[skipSpace(json, at)] === CLOSE_LIST ? ends : undefined
}

function isListOf(body: Record<string, unknown> | undefined, list: string, mark: string): boolean {
  const items = body?.[list]
  return Array.isArray(items) && items.length === 1 && items[0] === mark
}

function isOfMaps(items: unknown): items is object[] {
  if (!Array.isArray(items) || items.length === 0) return false
  return items.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item))
}
