/** A template by example: the vendor's own JSON with holes. Compiled once to frame => JSON; undefined is "nothing to put". */
import type { TemplateFunction, Template, TemplateContext, Watch } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { append } from './append.ts'
import { readTemplateHole, readText } from './hole.ts'
import { always, isNothing, settled } from './constant-folding.ts'
import { didYouMean } from './near-miss.ts'
import { compileLoop, LOOPS } from './loop.ts'
import { compileFirst, compileMatch, compileSum, compileUse } from './operators.ts'
import { isAbsent, isMap, type Scope } from './scope.ts'
import { madeOf } from '../runtime/recurring.ts'

type OperatorCompiler = (node: Record<string, unknown>, context: TemplateContext, path: Path) => Template

const OPERATORS: Record<string, OperatorCompiler> = {
  $each: compileLoop,
  $pick: compileLoop,
  $match: compileMatch,
  $sum: compileSum,
  $first: compileFirst,
  $use: compileUse,
}

export function templateContext(
  scope: Scope,
  functions: Record<string, TemplateFunction> = {},
  watch?: Watch,
): TemplateContext {
  return { scope, functions, watch, compile: compileTemplate }
}

export function compileTemplate(node: unknown, context: TemplateContext, path: Path): Template {
  if (typeof node === 'string') return compileText(node, context, path)
  if (Array.isArray(node)) return compileList(node, context, path)
  if (isMap(node)) return compileMap(node, context, path)
  return always(node ?? undefined)
}

function compileText(text: string, context: TemplateContext, path: Path): Template {
  if (/^-\$[A-Za-z_]/.test(text)) return negative(compileText(text.slice(1), context, path))
  const hole = readTemplateHole(text, context.scope, path)
  return hole ? hole.read : readText(text, context.scope, path)
}

/** `-$cached` in a $sum takes away. */
function negative(read: Template): Template {
  return settled(
    (frame) => {
      const value = read(frame)
      return typeof value === 'number' ? -value : undefined
    },
    [read],
  )
}

function compileList(items: unknown[], context: TemplateContext, path: Path): Template {
  if (items.length === 0) return settled(() => [], [])
  const parts = items
    .map((item, i) => ({ make: compileTemplate(item, context, [...path, i]), spliced: isLoop(item) }))
    .filter(({ make }) => !isNothing(make))
  const [first] = parts
  if (!first) return always(undefined)
  return parts.length === 1 && first.spliced ? first.make : listOf(parts)
}

function listOf(parts: readonly { make: Template; spliced: boolean }[]): Template {
  return settled(
    (frame) => {
      let out: unknown[] | undefined
      for (let i = 0; i < parts.length; i++) {
        const { make, spliced } = parts[i] as (typeof parts)[number]
        const value = make(frame)
        if (value === undefined) continue
        if (!spliced) out = append(out, value)
        // what is added to is no list that is given again
        else if (out === undefined)
          out = madeOf(value as unknown[]) && i < parts.length - 1 ? [...(value as unknown[])] : (value as unknown[])
        else for (const item of value as unknown[]) out.push(item)
      }
      return out
    },
    parts.map(({ make }) => make),
  )
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
  const spread = Object.hasOwn(map, '<<') ? compileSpread(map['<<'], context, [...path, '<<']) : []
  if (keys.length === 0 && !Object.hasOwn(map, '<<')) return settled(() => ({}), [])
  return mapOf(
    keys.filter((_, i) => !isNothing(makes[i] as Template)),
    makes.filter((make) => !isNothing(make)),
    spread,
    dropped,
  )
}

function mapOf(keys: string[], makes: Template[], spread: Template[], dropped: ReadonlySet<string>): Template {
  if (makes.length === 0 && spread.length === 0) return always(undefined)
  return settled(
    (frame) => {
      let out: Record<string, unknown> | undefined
      for (let i = 0; i < keys.length; i++) {
        const value = (makes[i] as Template)(frame)
        if (value !== undefined) (out ??= {})[keys[i] as string] = value
      }
      for (let i = 0; i < spread.length; i++) {
        const beneath = (spread[i] as Template)(frame)
        if (isMap(beneath)) out = lay(out, beneath, dropped)
      }
      return out
    },
    [...makes, ...spread],
  )
}

/** `<<` takes a template or a list of them; each gives a map whose keys go beneath the ones written beside it. */
function compileSpread(node: unknown, context: TemplateContext, path: Path): Template[] {
  const sources = Array.isArray(node)
    ? node.map((item, i) => compileTemplate(item, context, [...path, i]))
    : [compileTemplate(node, context, path)]
  return sources.filter((source) => !isNothing(source))
}

/** Puts the keys of `beneath` under those of `top`, map into map. */
function lay(
  top: Record<string, unknown> | undefined,
  beneath: Record<string, unknown>,
  dropped?: ReadonlySet<string>,
): Record<string, unknown> | undefined {
  let out = top
  for (const key in beneath) {
    // a client's JSON may spell __proto__; it is never a field of a vendor's
    if (dropped?.has(key) || key === '__proto__') continue
    const value = beneath[key]
    const above = out !== undefined && Object.hasOwn(out, key) ? out[key] : undefined
    if (above === undefined) (out ??= {})[key] = value
    // what stands above may be the client's own
    else if (isMap(above) && isMap(value) && out) out[key] = lay({ ...above }, value)
  }
  return out
}
