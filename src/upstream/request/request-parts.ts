/** The templates of a request: those for any request, and those for requests of which some fields are known. */
import { DefinitionError, type Path } from '../../definition/error.ts'
import { readText } from '../../definition/hole.ts'
import { isNothing, isPlain, knownOf } from '../../definition/constant-folding.ts'
import { isMap, Scope, type Known } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { Template, TemplateContext, Watch } from '../../definition/context.ts'
import type { FormatDefinition } from '../format/format-definition.ts'
import { REQUEST_SHAPES } from './fields.ts'
import { encodeSegment } from './path-segment.ts'
import { TEMPLATE_FUNCTIONS } from '../template-functions/index.ts'

export interface RequestParts {
  /** Slots that are filled one by one, from those before. */
  lets: (readonly [slot: number, make: Template])[]
  warn: Template[]
  path: Template
  /** Names in lower case. */
  headers: (readonly [name: string, make: Template])[]
  body: Template
  /** The scope of them all. */
  scope: Scope
}

/** @param known of fields; the definition was compiled without it before */
export function compileParts(
  node: NonNullable<FormatDefinition['request']>,
  known?: ReadonlyMap<string, Known>,
  watch?: Watch,
): RequestParts {
  const scope = Scope.of(REQUEST_SHAPES, known)
  const context = { ...templateContext(scope, TEMPLATE_FUNCTIONS, watch), isProven: known !== undefined }
  const compile = (value: unknown, ...at: Path): Template => context.compile(value, context, ['request', ...at])
  const lets: RequestParts['lets'] = []
  for (const [name, value] of Object.entries(node.let ?? {})) {
    const make = compile(value, 'let', name)
    const told = knownOf(make)
    if (told && isPlain(told.value)) scope.know(name, told)
    else lets.push([scope.bind(name), make])
  }
  const warn = (node.warn ?? []).map((value, i) => compile(value, 'warn', i)).filter((make) => !isNothing(make))
  const path = compilePath(node.path, context, ['request', 'path'])
  const headers = Object.entries(node.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), compile(value, 'headers', name)] as const)
    .filter(([, make]) => !isNothing(make))
  return { lets, warn, path, headers, body: compile(node.body, 'body'), scope }
}

/** A path's holes are percent-encoded whole; `${model:path}` keeps the slashes. */
export function compilePath(node: unknown, context: TemplateContext, at: Path): Template {
  if (node === undefined) throw new DefinitionError('request needs a path', ['request'])
  const compile: typeof context.compile = (value, inner, path) => {
    if (typeof value !== 'string' || (value.startsWith('$') && !value.startsWith('${')))
      return context.compile(value, inner, path)
    return readText(value, inner.scope, path, encodeSegment)
  }
  // only text inside the path is written differently; operators come back here for their branches
  const inPath = { ...context, compile }
  return isMap(node) ? context.compile(node, inPath, at) : compile(node, inPath, at)
}
