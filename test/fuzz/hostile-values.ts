/** Values that nobody means, and what becomes of a JSON value with one of them at each of its places in turn. */

type Path = readonly string[]

/** Text of it fails: `String(value)` and a template's hole throw a TypeError. The value that finds most. */
export const NO_TEXT: unknown = { toString: { a: 1 }, valueOf: null, constructor: {}, length: -1 }

/** Stands for a key or an item that is not there. */
export const MISSING = Symbol('missing')

const DEEP = JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown

/** As JSON can bring them. The words are names that every object inherits; a percent sign alone is no encoded character. */
export const HOSTILE: readonly unknown[] = [
  NO_TEXT,
  MISSING,
  null,
  [],
  {},
  [null],
  [NO_TEXT],
  [[['a']]],
  [{}],
  DEEP,
  0,
  -1,
  1.5,
  1e300,
  true,
  false,
  '',
  ' ',
  'constructor',
  '__proto__',
  '#/%',
  '\ud800',
  '{"a":',
  'null',
  { constructor: {}, hasOwnProperty: 1, length: 1 },
].map(frozen)

/** Every place in a value, the root's own aside. */
export function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...places(inner, [...at, key])])
}

/** A copy with another value at a place; what is not on the way there is shared. */
export function planted(root: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(root)) {
    const at = Number(key)
    return value === MISSING && rest.length === 0
      ? root.toSpliced(at, 1)
      : root.with(at, planted(root[at] as unknown, rest, value))
  }
  const { [key]: inner, ...others } = root as Record<string, unknown>
  if (value === MISSING && rest.length === 0) return others
  return { ...(root as object), [key]: planted(inner, rest, value) }
}

/** Whoever writes into what a client or a vendor sent is found out. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

/** What an object becomes where somebody takes it for a text, and what a number is that is none. */
const GARBLED = /\[object [A-Z]|native code|\bNaN\b|undefined/

/** Cheaper than an `expect`, of which there would be a million. */
export function mustBe(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`it should be ${what}`)
}

export function mustRead(text: string): void {
  if (GARBLED.test(text)) throw new Error(`${GARBLED.exec(text)?.[0]} stands in ${text.slice(0, 200)}`)
}

export function shown(path: Path, value: unknown): string {
  return `${path.join('.')} = ${value === MISSING ? 'nothing' : JSON.stringify(value).slice(0, 80)}`
}

/** An error and where it was thrown, in one line. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [place] = /src\/[\w/.-]+:\d+/.exec(error.stack ?? '') ?? ['in the test']
  return `${error.message.split('\n', 1)[0]} (${place})`
}
