/** How far a value is from what was written down, told as lines that a person can act on. */
import { isMap } from '../../definition/scope.ts'

/**
 * Every place where `actual` differs. With `exact` nothing may be there that was not written; without, a map may hold more,
 * and null stands for "not there".
 */
export function differences(expected: unknown, actual: unknown, exact: boolean, at = ''): string[] {
  if (isMap(expected) && isMap(actual)) {
    const missing = Object.keys(expected).flatMap((key) =>
      differences(expected[key], own(actual, key), exact, at === '' ? key : `${at}.${key}`),
    )
    const further = exact ? Object.keys(actual).filter((key) => !Object.hasOwn(expected, key)) : []
    return [
      ...missing,
      ...further.map((key) => `${at === '' ? key : `${at}.${key}`}: not expected, but is ${shown(actual[key])}`),
    ]
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const longest = Math.max(expected.length, actual.length)
    return Array.from({ length: longest }, (_, i) => differences(expected[i], actual[i], exact, `${at}[${i}]`)).flat()
  }
  if (Object.is(expected, actual)) return []
  if (!exact && (expected === null || expected === undefined) && (actual === null || actual === undefined)) return []
  return [`${at === '' ? 'the whole' : at}: expected ${shown(expected)}, but is ${shown(actual)}`]
}

function own(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

/** Characters of a value that a line shows. */
const WIDEST = 200

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text
}
