/** `$match`, `$sum`, `$first` and `$use`: one value out of others. */
import { asksForFields, compileCases, onlyKeys } from './cases.ts'
import type { Template, TemplateContext } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { didYouMean } from './near-miss.ts'
import { isMap } from './scope.ts'
import { compileFields, compileSubject } from './subject.ts'

const MATCH = new Set(['$match', 'when', 'then', 'cases'])

/** The first case that takes the value, or nothing. */
export function compileMatch(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const fields = asksForFields(node) ? compileFields(node['$match'], context, [...path, '$match']) : undefined
  if (fields) {
    const cases = compileCases(node, context, path, MATCH, undefined, fields)
    return (frame) => cases.choose(undefined, frame)?.(frame)
  }
  const subject = compileSubject(node['$match'], context, [...path, '$match'])
  const cases = compileCases(node, context, path, MATCH, subject.shape)
  return (frame) => cases.choose(subject.read(frame), frame)?.(frame)
}

/** Adds the numbers that are there; nothing when none is. */
export function compileSum(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const terms = compileTerms('$sum', node, context, path)
  return (frame) => {
    let sum: number | undefined
    for (const term of terms) {
      const value = term(frame)
      if (typeof value === 'number') sum = (sum ?? 0) + value
    }
    return sum
  }
}

/** The first that is there. */
export function compileFirst(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const terms = compileTerms('$first', node, context, path)
  return (frame) => {
    for (const term of terms) {
      const value = term(frame)
      if (value !== undefined) return value
    }
    return undefined
  }
}

function compileTerms(
  operator: string,
  node: Record<string, unknown>,
  context: TemplateContext,
  path: Path,
): Template[] {
  onlyKeys(node, new Set([operator]), path)
  const terms = node[operator]
  if (!Array.isArray(terms)) throw new DefinitionError(`${operator} takes a list`, [...path, operator])
  return terms.map((term: unknown, i) => context.compile(term, context, [...path, operator, i]))
}

const USE = new Set(['$use', 'of', 'with'])

/** A named plug on the value of `of`, with the constant options of `with`. */
export function compileUse(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  onlyKeys(node, USE, path)
  const name = node['$use']
  const plug = typeof name === 'string' && Object.hasOwn(context.plugs, name) ? context.plugs[name] : undefined
  if (!plug) {
    const known = Object.keys(context.plugs)
    throw new DefinitionError(
      `unknown plug "${String(name)}"${didYouMean(String(name), known)} (${known.join(', ')})`,
      [...path, '$use'],
    )
  }
  const options = node['with'] ?? {}
  if (!isMap(options)) throw new DefinitionError('with is a map of options', [...path, 'with'])
  const apply = plug(options)
  const of = context.compile(node['of'], context, [...path, 'of'])
  return (frame) => {
    const value = of(frame)
    return value === undefined ? undefined : (apply(value) ?? undefined)
  }
}
