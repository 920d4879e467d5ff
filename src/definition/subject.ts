/** What an operator works on: a hole, whose shape may be known, or any template. */
import type { TemplateContext } from './context.ts'
import type { Path } from './error.ts'
import { readTemplateHole, type Reader } from './hole.ts'
import { ANYTHING, isMap, type Frame, type Shape } from './scope.ts'

export interface Subject {
  read: (frame: Frame) => unknown
  shape: Shape
}

export function compileSubject(node: unknown, context: TemplateContext, path: Path): Subject {
  if (typeof node === 'string') {
    const hole = readTemplateHole(node, context.scope, path)
    if (hole) return hole
  }
  const make = context.compile(node, context, path)
  // a map that is written out is there even when nothing came to stand in it: `when: { a: ~, b: ~ }` must take it
  const isWritten = isMap(node) && !Object.keys(node).some((key) => key.startsWith('$'))
  return { read: isWritten ? (frame) => make(frame) ?? {} : make, shape: ANYTHING }
}

/** The fields of a map that is written out of holes alone; undefined for any other subject. */
export function compileFields(
  node: unknown,
  context: TemplateContext,
  path: Path,
): ReadonlyMap<string, Reader> | undefined {
  if (!isMap(node)) return undefined
  const fields = new Map<string, Reader>()
  for (const [key, value] of Object.entries(node)) {
    if (key.startsWith('$') || key === '<<' || typeof value !== 'string') return undefined
    const hole = readTemplateHole(value, context.scope, [...path, key])
    if (!hole) return undefined
    fields.set(key, hole.read)
  }
  return fields
}
