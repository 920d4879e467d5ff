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

/** The same, and undefined as well for what could not be written again: a number that no double holds would become null. */
export function parseFinite(text: string): unknown {
  const value = parseJson(text)
  return HUGE.test(text) && endlessAt(value) !== undefined ? undefined : value
}

/** How a number is written that may be beyond what a double holds: 309 digits are, or fewer with an exponent. */
const HUGE = /[eE]\+?\d{2}|\d{300}/

/** The key (or index) of a number that no double holds; undefined where there is none. */
export function endlessAt(root: unknown): string | undefined {
  let level = [root]
  while (level.length > 0) {
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const key in value) {
        const item = (value as Record<string, unknown>)[key]
        if (typeof item === 'number' && !Number.isFinite(item)) return key
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

/** JSON.parse, but an integer that no number holds becomes a bigint, which is written as it came. Throws a SyntaxError. */
export function parseExactly(text: string): unknown {
  return hasLongInteger(text) ? parseIntegers(text) : JSON.parse(text)
}

/** The same for a text that has long integers: some twenty times as slow. */
export function parseIntegers(text: string): unknown {
  return JSON.parse(text, exactly)
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  const isOther = source.length <= MOST_DIGITS && /^-?\d+$/.test(source) && String(value) !== source
  return isOther ? BigInt(source) : value
}

// JSON.stringify knows no bigint, and asks for this method (ECMA-262, SerializeJSONProperty); JSON.rawJSON is Node's since 22, and TypeScript does not know it yet.
const rawJson = Reflect.get(JSON, 'rawJSON') as (text: string) => unknown
// oxlint-disable-next-line no-extend-native -- the one hook that JSON.stringify has for them
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return rawJson(String(this))
  },
  configurable: true,
  writable: true,
})
