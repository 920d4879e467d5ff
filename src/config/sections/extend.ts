/** A definition that extends another: maps merge, `key: ~` drops, lists and scalars replace. */
import { isMap } from '../../definition/scope.ts'

type Map = Record<string, unknown>

/** Tables that are read from the top: what the child says must come first to be found first. */
const FIRST_FITS = new Set(['models', 'kinds'])

export function extended(parent: Map, child: Map, childFirst = false): Map {
  const result: Map = childFirst ? { ...child, ...parent } : { ...parent }
  // Beside `<<`, a dropped key must stay dropped when the map that is spread brings it.
  const spread = '<<' in parent || '<<' in child
  for (const [key, value] of Object.entries(child)) {
    const before = parent[key]
    if (value === null && !spread) delete result[key]
    else if (isMap(before) && isMap(value) && mergeable(before, value)) {
      result[key] = extended(before, value, FIRST_FITS.has(key))
    } else result[key] = value
  }
  return result
}

/** An operator is one thing: `{ $match: … }` is changed in its own keys or replaced, never mixed with other keys. */
function mergeable(parent: Map, child: Map): boolean {
  if (Object.keys(child).some(isOperator)) return false
  return !Object.keys(parent).some(isOperator) || Object.keys(child).every((key) => key in parent)
}

function isOperator(key: string): boolean {
  return key.startsWith('$')
}
