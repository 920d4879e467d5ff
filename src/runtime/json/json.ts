/** JSON that others wrote, read as far as anybody can use it. */
import { hasLongInteger } from './long-integer.ts'

/** Levels; the engine's own recursion over a value ends at some thousands. */
const MOST_LEVELS = 1000

/** Throws a SyntaxError for a text that is not valid JSON, or is nested deeper than 1,000 levels. Integers as in `parseExactly`. */
export function readJson(text: string): unknown {
  const value = parseExactly(text)
  // each level takes two characters
  if (text.length > 2 * MOST_LEVELS && isDeeper(value, MOST_LEVELS))
    throw new SyntaxError(`nested deeper than ${MOST_LEVELS} levels`)
  return value
}

/** The same value; undefined where it would throw. */
export function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** The same, and undefined as well for what has a number that no double holds: who reads a value gets none that is wrong. */
export function parseFinite(text: string): unknown {
  const value = parseJson(text)
  return mayBeEndless(text) && endlessAt(value) !== undefined ? undefined : value
}

/** How a number is written that may be beyond what a double holds: with an exponent of three digits, or with very many digits itself. */
const HUGE = /[0-9][eE]\+?[0-9]{3}/

function mayBeEndless(text: string): boolean {
  return HUGE.test(text) || hasLongInteger(text)
}

/** The key (or index) of a number that no double holds; undefined where there is none. */
export function endlessAt(root: unknown): string | undefined {
  let level = [root]
  while (level.length > 0) {
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const key in value) {
        const item = (value as Record<string, unknown>)[key]
        if (typeof item === 'number' ? !Number.isFinite(item) : isRaw(item)) return key
        next.push(item)
      }
    }
    level = next
  }
  return undefined
}

/** Level by level, without recursion: what is too deep for it must not be too deep for the one who looks. */
function isDeeper(root: unknown, most: number): boolean {
  let level = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const key in value) next.push((value as Record<string, unknown>)[key])
    }
    level = next
  }
  return false
}

/** Ids of orders and records are longer than what a double holds; digits beyond these are nobody's id. */
const MOST_DIGITS = 1000

// Node's since 22, and TypeScript does not know them yet
const rawJson = Reflect.get(JSON, 'rawJSON') as (text: string) => unknown
const isRaw = Reflect.get(JSON, 'isRawJSON') as (value: unknown) => boolean

/**
 * JSON.parse, but a number is written again as it came that no double holds: an integer becomes a bigint, and one that would be
 * infinite, and then null, a raw value of JSON. Throws a SyntaxError.
 */
export function parseExactly(text: string): unknown {
  return mayBeEndless(text) ? parseNumbers(text) : JSON.parse(text)
}

/** The same for a text that has such numbers: some twenty times as slow. */
export function parseNumbers(text: string): unknown {
  return JSON.parse(text, exactly)
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  const isOther = source.length <= MOST_DIGITS && /^-?\d+$/.test(source) && String(value) !== source
  if (isOther) return BigInt(source)
  return Number.isFinite(value) ? value : rawJson(source)
}

// JSON.stringify knows no bigint, and asks for this method (ECMA-262, SerializeJSONProperty)
// oxlint-disable-next-line no-extend-native -- the one hook that JSON.stringify has for them
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return rawJson(String(this))
  },
  configurable: true,
  writable: true,
})
