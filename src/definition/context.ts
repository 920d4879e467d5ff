/** What compiling a node needs: the names in sight, the plugs, and the way back in, so that operators know no template. */
import type { Path } from './error.ts'
import type { Frame, Scope } from './scope.ts'

/** Frame => JSON; undefined is "nothing to put". */
export type Template = (frame: Frame) => unknown

/** A named plug: made once with the options that stand in the YAML, then called with each value. */
export type Plug = (options: Record<string, unknown>) => (value: unknown) => unknown

export interface TemplateContext {
  scope: Scope
  plugs: Record<string, Plug>
  compile: (node: unknown, context: TemplateContext, path: Path) => Template
}
