/** What an operator works on: a hole, whose shape may be known, or any template. */
import type { TemplateContext } from './context.ts'
import type { Path } from './error.ts'
import { readTemplateHole } from './hole.ts'
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
