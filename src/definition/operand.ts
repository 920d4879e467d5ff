/** What an operator works on: a hole, whose shape may be known, or any template. */
import type { TemplateContext } from './context.ts'
import type { Path } from './error.ts'
import { readTemplateHole, type Hole } from './hole.ts'
import { isPlain, knownOf } from './constant-folding.ts'
import { ANYTHING, isMap } from './scope.ts'

export function compileSubject(node: unknown, context: TemplateContext, path: Path): Hole {
  if (typeof node === 'string') {
    const hole = readTemplateHole(node, context.scope, path)
    if (hole) return hole
  }
  const make = context.compile(node, context, path)
  // a map that is written out is there even when nothing came to stand in it: `when: { a: ~, b: ~ }` must take it
  const isWritten = isMap(node) && !Object.keys(node).some((key) => key.startsWith('$'))
  if (isWritten) return { read: (frame) => make(frame) ?? {}, shape: ANYTHING }
  const known = knownOf(make)
  return { read: make, shape: ANYTHING, known: known && isPlain(known.value) ? known : undefined }
}

/** The fields of a map that is written out of holes alone; undefined for any other subject. */
export function compileFields(
  node: unknown,
  context: TemplateContext,
  path: Path,
): ReadonlyMap<string, Hole> | undefined {
  if (!isMap(node)) return undefined
  const fields = new Map<string, Hole>()
  for (const [key, value] of Object.entries(node)) {
    if (key.startsWith('$') || key === '<<' || typeof value !== 'string') return undefined
    const hole = readTemplateHole(value, context.scope, [...path, key])
    if (!hole) return undefined
    fields.set(key, hole)
  }
  return fields
}
