/** Adds to a list that is made with its first value: most lists have one, and an empty one would make room for sixteen. */
export function append<T>(list: T[] | undefined, value: T): T[] {
  if (list === undefined) return [value]
  list.push(value)
  return list
}
