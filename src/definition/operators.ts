/** `$match`, `$sum`, `$first` and `$use`: one value out of others. */
import { asksForFields, compileCases, onlyKeys } from './cases.ts'
import type { Template, TemplateContext } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { isNothing, knownOf, settled } from './constant-folding.ts'
import { didYouMean } from './near-miss.ts'
import { isMap } from './scope.ts'
import { compileFields, compileSubject } from './operand.ts'

const MATCH = new Set(['$match', 'when', 'then', 'cases'])

/** The first case that takes the value, or nothing. */
export function compileMatch(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const fields = asksForFields(node) ? compileFields(node['$match'], context, [...path, '$match']) : undefined
  if (fields) {
    const cases = compileCases(node, context, path, MATCH, { fields })
    return cases.certain ?? ((frame) => cases.choose(undefined, frame)?.(frame))
  }
  const subject = compileSubject(node['$match'], context, [...path, '$match'])
  const cases = compileCases(node, context, path, MATCH, subject)
  return cases.certain ?? ((frame) => cases.choose(subject.read(frame), frame)?.(frame))
}

/** Adds the numbers that are there; nothing when none is. */
export function compileSum(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const terms = compileTerms('$sum', node, context, path)
  return settled((frame) => {
    let sum: number | undefined
    for (let i = 0; i < terms.length; i++) {
      const value = (terms[i] as Template)(frame)
      if (typeof value === 'number') sum = (sum ?? 0) + value
    }
    return sum
  }, terms)
}

/** The first that is there. */
export function compileFirst(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  const all = compileTerms('$first', node, context, path)
  const certain = all.findIndex((term) => knownOf(term) !== undefined)
  // behind one that is there for certain nothing is asked
  const terms = certain < 0 ? all : all.slice(0, certain + 1)
  const [first] = terms
  if (first && terms.length === 1) return first
  return settled((frame) => {
    for (let i = 0; i < terms.length; i++) {
      const value = (terms[i] as Template)(frame)
      if (value !== undefined) return value
    }
    return undefined
  }, terms)
}

/** Those that can give anything. */
function compileTerms(
  operator: string,
  node: Record<string, unknown>,
  context: TemplateContext,
  path: Path,
): Template[] {
  onlyKeys(node, new Set([operator]), path)
  const terms = node[operator]
  if (!Array.isArray(terms)) throw new DefinitionError(`${operator} takes a list`, [...path, operator])
  const makes = terms.map((term: unknown, i) => context.compile(term, context, [...path, operator, i]))
  return makes.filter((make) => !isNothing(make))
}

const USE = new Set(['$use', 'of', 'with'])

/** A named function on the value of `of`, with the constant options of `with`. */
export function compileUse(node: Record<string, unknown>, context: TemplateContext, path: Path): Template {
  onlyKeys(node, USE, path)
  const name = node['$use']
  const make = typeof name === 'string' && Object.hasOwn(context.functions, name) ? context.functions[name] : undefined
  if (!make) {
    const known = Object.keys(context.functions)
    throw new DefinitionError(
      `unknown function "${String(name)}"${didYouMean(String(name), known)} (${known.join(', ')})`,
      [...path, '$use'],
    )
  }
  const options = node['with'] ?? {}
  if (!isMap(options)) throw new DefinitionError('with is a map of options', [...path, 'with'])
  const apply = make(options)
  const of = context.compile(node['of'], context, [...path, 'of'])
  return settled(
    (frame) => {
      const value = of(frame)
      return value === undefined ? undefined : (apply(value) ?? undefined)
    },
    [of],
  )
}
