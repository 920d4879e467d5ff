import type { Template } from './context.ts'

/**
 * Most of what a definition can say is about fields that most requests do not have: while nothing that a template reads is
 * there, it gives the same, and is asked once. A list or a map is made anew each time, as whoever gets it may change it.
 * @param slots all that it reads
 * @param few a slot that holds one of a few objects, which never change: what is given is known for each
 */
export function whileAbsent(make: Template, slots: readonly number[], few: number): Template {
  const others = slots.filter((slot) => slot !== few)
  const known = new WeakMap<object, { value: unknown }>()
  return (frame) => {
    for (let i = 0; i < others.length; i++) if (frame[others[i] as number] !== undefined) return make(frame)
    const which = frame[few] as object
    const found = known.get(which)
    if (found) return found.value
    const value = make(frame)
    if (typeof value !== 'object' || value === null) known.set(which, { value })
    return value
  }
}
