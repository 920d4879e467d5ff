/** What is known of a template when it is compiled: whatever can be decided then is not asked again for each request. */
import type { Template } from './context.ts'
import type { Frame, Known } from './scope.ts'

const KNOWN = new WeakMap<Template, Known>()
const NO_FRAME: Frame = []

export const NOTHING: Known = { value: undefined }

export function always(value: unknown): Template {
  return withConstant(() => value, value)
}

/** What a template always gives, where that is known. */
export function knownOf(template: Template): Known | undefined {
  return KNOWN.get(template)
}

export function isNothing(template: Template): boolean {
  const known = KNOWN.get(template)
  return known !== undefined && known.value === undefined
}

/** `make`, which reads nothing but `parts`: where those are all known, so is what it gives. */
export function settled(make: Template, parts: readonly Template[]): Template {
  if (!parts.every((part) => KNOWN.has(part))) return make
  const value = make(NO_FRAME)
  // a list or a map is made anew each time, as whoever gets it may change it
  return isPlain(value) ? always(value) : withConstant(make, value)
}

/** Text, a number, true, false, or nothing: what can be given away again and again. */
export function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function withConstant(template: Template, value: unknown): Template {
  KNOWN.set(template, { value })
  return template
}
