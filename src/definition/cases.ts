/** `when`/`then`, or a list of them under `cases`: the first case that takes the value. */
import { DefinitionError, type Path } from './error.ts'
import { watched, type Template, type TemplateContext } from './context.ts'
import { didYouMean } from './near-miss.ts'
import type { Hole } from './hole.ts'
import { always } from './constant-folding.ts'
import { compileFieldsPattern, compilePattern, EVERY, NONE } from './pattern.ts'
import { isMap, type Frame, type Pattern, type Scope, type Shape, type Known } from './scope.ts'

export interface Cases {
  /** The template of the first case that takes the value (its holes are bound in the frame), or undefined. */
  choose(value: unknown, frame: Frame): Template | undefined
  /** The template that every value gets, where that is known. */
  certain: Template | undefined
}

/** What is known beforehand of the values that cases are asked about. */
export interface Asked {
  shape?: Shape
  /** The fields of a map of holes, which is asked about without being made. */
  fields?: ReadonlyMap<string, Hole>
  /** The one value. */
  known?: Known
}

interface Case {
  test: Pattern
  make: Template
}

/** `then` left out gives the value as it is. */
export function compileCases(
  node: Record<string, unknown>,
  context: TemplateContext,
  path: Path,
  options: ReadonlySet<string>,
  asked: Asked = {},
): Cases {
  onlyKeys(node, options, path)
  const cases: Case[] = []
  for (const [each, at] of readCases(node, path)) {
    const compiled = compileCase(each, context, at, asked)
    if (compiled.test !== NONE) cases.push(compiled)
    if (compiled.test === EVERY && context.isProven) break
  }
  return casesOf(cases)
}

function casesOf(cases: readonly Case[]): Cases {
  const [first] = cases
  if (!first) return { choose: () => undefined, certain: NO_TEMPLATE }
  const { test, make } = first
  if (test === EVERY) return { choose: () => make, certain: make }
  if (cases.length === 1) {
    return { choose: (value, frame) => (test(value, frame) ? make : undefined), certain: undefined }
  }
  return {
    choose(value, frame) {
      for (let i = 0; i < cases.length; i++) {
        const each = cases[i] as Case
        if (each.test(value, frame)) return each.make
      }
      return undefined
    },
    certain: undefined,
  }
}

const NO_TEMPLATE = always(undefined)

function readCases(node: Record<string, unknown>, path: Path): [node: Record<string, unknown>, path: Path][] {
  const listed = node['cases']
  if (listed === undefined) return [[node, path]]
  if (!Array.isArray(listed) || listed.length === 0) {
    throw new DefinitionError('cases is a list of { when, then }', [...path, 'cases'])
  }
  if (Object.hasOwn(node, 'when'))
    throw new DefinitionError('either when/then or cases, not both', [...path, 'when'], 'key')
  return listed.map((entry: unknown, i) => {
    const at = [...path, 'cases', i]
    if (!isMap(entry)) throw new DefinitionError('a case is { when, then }', at)
    onlyKeys(entry, CASE, at)
    return [entry, at]
  })
}

const CASE = new Set(['when', 'then'])

function compileCase(node: Record<string, unknown>, context: TemplateContext, path: Path, asked: Asked): Case {
  if (!Object.hasOwn(node, 'when')) throw new DefinitionError('a case needs when', path)
  const scope = context.scope.inner()
  const test = compileWhen(node['when'], scope, [...path, 'when'], asked)
  if (!Object.hasOwn(node, 'then')) throw new DefinitionError('a case needs then', path)
  if (test === NONE && context.isProven) return { test, make: NO_TEMPLATE }
  return {
    test: watched(test, context, path),
    make: context.compile(node['then'], { ...context, scope }, [...path, 'then']),
  }
}

function compileWhen(when: unknown, scope: Scope, path: Path, { shape, fields, known }: Asked): Pattern {
  if (fields && isFieldsPattern(when)) return compileFieldsPattern(when, scope, path, fields)
  const compile = (): Pattern => compilePattern(when, scope, path, shape)
  if (!known) return compile()
  return scope.settle(compile, known) ? EVERY : NONE
}

/** Whether every case asks for nothing but fields, so that the value itself need not be made. */
export function asksForFields(node: Record<string, unknown>): boolean {
  const listed = node['cases']
  if (!Array.isArray(listed)) return isFieldsPattern(node['when'])
  return listed.every((each: unknown) => isMap(each) && isFieldsPattern(each['when']))
}

/** Keys with `$` are faults, which compilePattern tells. */
function isFieldsPattern(when: unknown): when is Record<string, unknown> {
  return isMap(when) && Object.keys(when).every((key) => !key.startsWith('$'))
}

export function onlyKeys(node: Record<string, unknown>, known: ReadonlySet<string>, path: Path): void {
  for (const key of Object.keys(node)) {
    if (known.has(key)) continue
    const words = [...known].filter((word) => !word.startsWith('$') || Object.hasOwn(node, word))
    throw new DefinitionError(
      `unexpected "${key}"${didYouMean(key, words)} (${words.join(', ')})`,
      [...path, key],
      'key',
    )
  }
}
