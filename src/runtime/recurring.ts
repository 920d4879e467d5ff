/** Values that come again and again, one object each time, and what is made of them: once. */

const MADE = new WeakMap<object, Map<object, unknown>>()

/** From now on what is made of this value is kept with it, as long as anybody has it. Nobody may change it any more. */
export function recurs(value: object): void {
  if (!MADE.has(value)) MADE.set(value, new Map())
}

/** What was made of a value that recurs, by who made it; undefined of any other value, which is the rule. */
export function madeOf(value: object): Map<object, unknown> | undefined {
  return MADE.get(value)
}

/** `make(value)`; of a value that recurs the same each time, and then what is made of that is kept as well. */
export function once<V extends object, R>(value: V, make: (value: V) => R): R {
  const made = MADE.get(value)
  if (made === undefined) return make(value)
  if (made.has(make)) return made.get(make) as R
  const result = make(value)
  if (typeof result === 'object' && result !== null) recurs(result)
  made.set(make, result)
  return result
}
