/** A template by example: the vendor's own JSON with holes. Compiled once to frame => JSON; undefined is "nothing to put". */
import type { Plug, Template, TemplateContext, Watch } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { readTemplateHole, readText, type Reader } from './hole.ts'
import { didYouMean } from './near-miss.ts'
import { compileLoop, LOOPS } from './loop.ts'
import { compileFirst, compileMatch, compileSum, compileUse } from './operators.ts'
import { isAbsent, isMap, type Frame, type Scope } from './scope.ts'

type OperatorCompiler = (node: Record<string, unknown>, context: TemplateContext, path: Path) => Template

const OPERATORS: Record<string, OperatorCompiler> = {
  $each: compileLoop,
  $pick: compileLoop,
  $match: compileMatch,
  $sum: compileSum,
  $first: compileFirst,
  $use: compileUse,
}

export function templateContext(scope: Scope, plugs: Record<string, Plug> = {}, watch?: Watch): TemplateContext {
  return { scope, plugs, watch, compile: compileTemplate }
}

export function compileTemplate(node: unknown, context: TemplateContext, path: Path): Template {
  if (typeof node === 'string') return compileText(node, context, path)
  if (Array.isArray(node)) return compileList(node, context, path)
  if (isMap(node)) return compileMap(node, context, path)
  const constant = node ?? undefined
  return () => constant
}

function compileText(text: string, context: TemplateContext, path: Path): Template {
  if (/^-\$[A-Za-z_]/.test(text)) return negative(compileText(text.slice(1), context, path))
  const hole = readTemplateHole(text, context.scope, path)
  if (hole) return present(hole.read)
  const reader = readText(text, context.scope, path)
  return typeof reader === 'string' ? () => reader : reader
}

/** `-$cached` in a $sum takes away. */
function negative(read: Template): Template {
  return (frame) => {
    const value = read(frame)
    return typeof value === 'number' ? -value : undefined
  }
}

function present(read: Reader): Template {
  return (frame) => read(frame) ?? undefined
}

function compileList(items: unknown[], context: TemplateContext, path: Path): Template {
  const parts = items.map((item, i) => ({ make: compileTemplate(item, context, [...path, i]), spliced: isLoop(item) }))
  if (parts.length === 0) return () => []
  return (frame) => {
    const out: unknown[] = []
    for (let i = 0; i < parts.length; i++) {
      const { make, spliced } = parts[i] as (typeof parts)[number]
      const value = make(frame)
      if (value === undefined) continue
      if (spliced) for (const item of value as unknown[]) out.push(item)
      else out.push(value)
    }
    return out.length > 0 ? out : undefined
  }
}

/** Does a node stand for a list that is to be spliced where it is an item of a list? */
function isLoop(node: unknown): boolean {
  return isMap(node) && Object.keys(node).some((key) => LOOPS.has(key))
}

function compileMap(map: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const operator = Object.keys(map).find((key) => key.startsWith('$'))
  if (operator !== undefined) {
    const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
    if (compile) return compile(map, context, path)
    const known = Object.keys(OPERATORS)
    throw new DefinitionError(
      `unknown operator ${operator}${didYouMean(operator, known)} (${known.join(', ')})`,
      [...path, operator],
      'key',
    )
  }
  const keys: string[] = []
  const makes: Template[] = []
  const dropped = new Set<string>()
  for (const [key, value] of Object.entries(map)) {
    if (key === '<<') continue
    if (isAbsent(value)) dropped.add(key)
    else {
      keys.push(key)
      makes.push(compileTemplate(value, context, [...path, key]))
    }
  }
  const spread = Object.hasOwn(map, '<<') ? compileSpread(map['<<'], context, [...path, '<<']) : undefined
  if (!spread && keys.length === 0) return () => ({})
  return (frame) => {
    const out: Record<string, unknown> = {}
    let empty = true
    for (let i = 0; i < keys.length; i++) {
      const value = (makes[i] as Template)(frame)
      if (value === undefined) continue
      out[keys[i] as string] = value
      empty = false
    }
    if (spread) {
      const beneath = spread(frame)
      for (const map of beneath) if (lay(out, map, dropped)) empty = false
    }
    return empty ? undefined : out
  }
}

/** `<<` takes a template or a list of them; each gives a map whose keys go beneath the ones written beside it. */
function compileSpread(
  node: unknown,
  context: TemplateContext,
  path: Path,
): (frame: Frame) => Record<string, unknown>[] {
  const sources = Array.isArray(node)
    ? node.map((item, i) => compileTemplate(item, context, [...path, i]))
    : [compileTemplate(node, context, path)]
  return (frame) => {
    const maps: Record<string, unknown>[] = []
    for (const source of sources) {
      const map = source(frame)
      if (isMap(map)) maps.push(map)
    }
    return maps
  }
}

/** Puts the keys of `beneath` under those of `top`, map into map; true when it added any. */
function lay(top: Record<string, unknown>, beneath: Record<string, unknown>, dropped?: ReadonlySet<string>): boolean {
  let added = false
  for (const key of Object.keys(beneath)) {
    // a client's JSON may spell __proto__; it is never a field of a vendor's
    if (dropped?.has(key) || key === '__proto__') continue
    const value = beneath[key]
    const above = Object.hasOwn(top, key) ? top[key] : undefined
    if (above === undefined) {
      top[key] = value
      added = true
    } else if (isMap(above) && isMap(value)) {
      const merged = { ...above }
      if (lay(merged, value)) top[key] = merged
    }
  }
  return added
}
