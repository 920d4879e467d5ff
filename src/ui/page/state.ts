/** Values that several parts of the page look at: whoever shows one is shown anew when it changes. */
import { useEffect, useState } from 'preact/hooks'

export interface Value<T> {
  get(): T
  set(next: T): void
  listen(hear: () => void): () => void
}

export function createValue<T>(first: T): Value<T> {
  let current = first
  const hearing = new Set<() => void>()
  return {
    get: () => current,
    set(next) {
      if (Object.is(next, current)) return
      current = next
      for (const hear of hearing) hear()
    },
    listen(hear) {
      hearing.add(hear)
      return () => hearing.delete(hear)
    },
  }
}

export function useValue<T>(value: Value<T>): T {
  const [, show] = useState({})
  // what changed before this was listening is seen as well
  useEffect(() => {
    const seen = value.get()
    const stop = value.listen(() => show({}))
    if (!Object.is(seen, value.get())) show({})
    return stop
  }, [value])
  return value.get()
}

/** One that outlives the page in this browser, a text. */
export function createKept(name: string, first: string): Value<string> {
  const key = `balanced-call.${name}`
  const value = createValue(localStorage.getItem(key) ?? first)
  value.listen(() => localStorage.setItem(key, value.get()))
  return value
}

/** Seconds pass: everything that counts down looks at this. Milliseconds since the epoch. */
export const now = createValue(Date.now())
setInterval(() => now.set(Date.now()), 1000)
