/** Every value at the ends of a JSON value, with the way to it. */
import { isMap } from '../../definition/scope.ts'

export type Way = (string | number)[]

export interface Leaf {
  way: Way
  value: unknown
}

/** In the order of the JSON. Empty maps and lists are ends, too. */
export function leavesOf(value: unknown, way: Way = []): Leaf[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item, i) => leavesOf(item, [...way, i]))
  if (isMap(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...way, key]))
  return [{ way, value }]
}

/** The last name of a way; list positions have none. */
export function nameOf(way: Way): string {
  return String(way.findLast((step) => typeof step === 'string') ?? '')
}

export function at(value: unknown, way: Way): unknown {
  return way.reduce<unknown>((inside, step) => {
    if (Array.isArray(inside)) return inside[Number(step)] as unknown
    return isMap(inside) && Object.hasOwn(inside, String(step)) ? inside[step] : undefined
  }, value)
}

/** A copy with another value at the way's end. */
export function put(value: unknown, way: Way, end: unknown): unknown {
  const [step, ...rest] = way
  if (step === undefined) return end
  if (Array.isArray(value)) return value.map((item: unknown, i) => (i === step ? put(item, rest, end) : item))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === step ? put(item, rest, end) : item]),
  )
}

/** Every map in a value, with the way to it, outermost first. */
export function mapsOf(value: unknown, way: Way = []): { way: Way; map: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => mapsOf(item, [...way, i]))
  if (!isMap(value)) return []
  return [{ way, map: value }, ...Object.entries(value).flatMap(([key, item]) => mapsOf(item, [...way, key]))]
}

/** A text of the vendor's in a template: its dollar signs are no holes. */
export function quoted(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(quoted)
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, quoted(item)])) : value
}
