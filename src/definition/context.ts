/** What compiling a node needs: the names in sight, the functions, and the way back in, so that operators know no template. */
import type { Path } from './error.ts'
import type { Frame, Pattern, Scope } from './scope.ts'

/** Frame => JSON; undefined is "nothing to put". */
export type Template = (frame: Frame) => unknown

/** A named function: made once with the options that stand in the YAML, then called with each value. */
export type TemplateFunction = (options: Record<string, unknown>) => (value: unknown) => unknown

/**
 * Told at load of each branch, a case or a rule, by its path; what it gives back is called whenever the branch is taken.
 * For tools that ask which rules of a definition a set of examples reaches; nothing else pays for it.
 */
export type Watch = (path: Path) => () => void

export interface TemplateContext {
  scope: Scope
  functions: Record<string, TemplateFunction>
  watch?: Watch
  /** The same was compiled before without a fault, so that what can never be reached is passed over. */
  isProven?: boolean
  compile: (node: unknown, context: TemplateContext, path: Path) => Template
}

/** The branch's own test, or one that tells the watch of each value taken. */
export function watched(test: Pattern, context: TemplateContext, path: Path): Pattern {
  const taken = context.watch?.(path)
  if (!taken) return test
  return (value, frame) => {
    const fits = test(value, frame)
    if (fits) taken()
    return fits
  }
}
