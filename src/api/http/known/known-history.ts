/**
 * A conversation comes again with each of its turns, longer by a little: the messages that came before are known by their bytes.
 * They are not parsed again, and what was made of each (its normal form, its cost) is made once.
 */
import { recurs } from '../../../runtime/recurring.ts'
import { canHideKeys } from './hidden-keys.ts'
import { endOf, skipSpace } from './json-scan.ts'
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
  /** Where the first item begins in the body, and where each one ends behind that. */
  from: number
  ends: number[]
  /** Bytes that are held, as those of the whole body are. */
  held: number
}

/** Lists of turns, as the APIs name them. */
const LISTS = ['messages', 'input', 'contents']
/** Bytes of the bodies that are known, how many there are, and of one. */
const MOST = 16 * 1024 * 1024
const MOST_KNOWN = 64
const LONGEST = 2 * 1024 * 1024
/** Bytes of a beginning: what is shorter is as soon parsed. */
const SHORTEST = 4096
/** After so many that nobody continued only some are looked at. */
const PATIENCE = 64
const SOME = 16
/** Keys of the list's name that are looked at. */
const TRIES = 3

const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const COMMA = 0x2c
const COLON = 0x3a

/** @param mark stands for the items in a skeleton */
export function createKnownHistory(mark: string): KnownHistory {
  /** What was used last is last. */
  const known: Known[] = []
  let size = 0
  /** Learnt since any was continued. */
  let idle = 0

  function find(json: Buffer): Beginning | undefined {
    if (known.length === 0 || json.length < SHORTEST) return undefined
    return longest(json, undefined) ?? longestElsewhere(json)
  }

  /** Another client of the same conversations may write other fields before them. */
  function longestElsewhere(json: Buffer): Beginning | undefined {
    for (const list of LISTS) {
      if (!known.some((each) => each.list === list)) continue
      const from = placesOf(json, list).next().value
      const found = from === undefined ? undefined : longest(json, from)
      if (found) return found
    }
    return undefined
  }

  /** @param from where the first item begins; undefined for where it did in the body that each came in */
  function longest(json: Buffer, from: number | undefined): Beginning | undefined {
    let best: Known | undefined
    let count = 0
    let length = SHORTEST - 1
    for (let i = known.length - 1; i >= 0; i--) {
      const each = known[i] as Known
      const start = from ?? each.from
      // what differs right behind what another one shares, shares no more
      if (each.bytes.length <= length || (best && !isSame(each, json, start, length, length + NEXT))) continue
      const shared = sharedOf(each, json, start)
      const bytes = shared === 0 ? 0 : (each.ends[shared - 1] as number)
      if (bytes <= length) continue
      best = each
      count = shared
      length = bytes
    }
    if (!best) return undefined
    idle = 0
    known.push(...known.splice(known.indexOf(best), 1))
    const start = from ?? best.from
    const { list, isPlain } = best
    return { from: start, to: start + length, mark, list, items: best.items.slice(0, count), isPlain }
  }

  function isNew(json: Buffer, body: Record<string, unknown>, found: Beginning | undefined): boolean {
    if (json.length < SHORTEST || json.length > LONGEST) return false
    if (found) return (body[found.list] as unknown[]).length > found.items.length
    idle++
    return idle <= PATIENCE || idle % SOME === 0
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

  function keep(json: Buffer, learnt: Omit<Known, 'bytes' | 'held'>): void {
    const length = learnt.ends.at(-1) as number
    if (length < SHORTEST) return
    for (const item of learnt.items) recurs(item)
    const bytes = json.subarray(learnt.from, learnt.from + length)
    known.push({ ...learnt, bytes, held: json.length })
    size += json.length
    while (known.length > MOST_KNOWN || size > MOST) forget(known[0] as Known)
  }

  function forget(each: Known): void {
    known.splice(known.indexOf(each), 1)
    size -= each.held
  }

  return { find, isNew, learn }
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
  const [first = 0] = ends
  // the ends of the first: to compare costs more than to look
  if (json[from] !== OPEN || json[from + first - 1] !== CLOSE) return 0
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
