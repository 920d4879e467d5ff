/** What an operator works on: a hole, whose shape may be known, or any template. */
import type { TemplateContext } from './context.ts'
import type { Path } from './error.ts'
import { readTemplateHole } from './hole.ts'
import { ANYTHING, type Frame, type Shape } from './scope.ts'

export interface Subject {
  read: (frame: Frame) => unknown
  shape: Shape
}

export function compileSubject(node: unknown, context: TemplateContext, path: Path): Subject {
  if (typeof node === 'string') {
    const hole = readTemplateHole(node, context.scope, path)
    if (hole) return hole
  }
  return { read: context.compile(node, context, path), shape: ANYTHING }
}
