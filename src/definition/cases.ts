/** `when`/`then`, or a list of them under `cases`: the first case that takes the value. */
import { DefinitionError, type Path } from './error.ts'
import { watched, type Template, type TemplateContext } from './context.ts'
import { didYouMean } from './near-miss.ts'
import type { Reader } from './hole.ts'
import { compileFieldsPattern, compilePattern } from './pattern.ts'
import { isMap, type Frame, type Pattern, type Shape } from './scope.ts'

export interface Cases {
  /** The template of the first case that takes the value (its holes are bound in the frame), or undefined. */
  choose(value: unknown, frame: Frame): Template | undefined
}

/** `then` left out gives the value as it is. */
export function compileCases(
  node: Record<string, unknown>,
  context: TemplateContext,
  path: Path,
  options: ReadonlySet<string>,
  shape?: Shape,
  fields?: ReadonlyMap<string, Reader>,
): Cases {
  onlyKeys(node, options, path)
  const listed = node['cases']
  if (listed === undefined) {
    const single = compileCase(node, context, path, shape, fields)
    return { choose: (value, frame) => (single.test(value, frame) ? single.make : undefined) }
  }
  if (!Array.isArray(listed) || listed.length === 0) {
    throw new DefinitionError('cases is a list of { when, then }', [...path, 'cases'])
  }
  if (Object.hasOwn(node, 'when'))
    throw new DefinitionError('either when/then or cases, not both', [...path, 'when'], 'key')
  const cases = listed.map((entry: unknown, i) => {
    const at = [...path, 'cases', i]
    if (!isMap(entry)) throw new DefinitionError('a case is { when, then }', at)
    onlyKeys(entry, CASE, at)
    return compileCase(entry, context, at, shape, fields)
  })
  return {
    choose(value, frame) {
      for (let i = 0; i < cases.length; i++) {
        const each = cases[i] as (typeof cases)[number]
        if (each.test(value, frame)) return each.make
      }
      return undefined
    },
  }
}

const CASE = new Set(['when', 'then'])

function compileCase(
  node: Record<string, unknown>,
  context: TemplateContext,
  path: Path,
  shape?: Shape,
  fields?: ReadonlyMap<string, Reader>,
): { test: Pattern; make: Template } {
  if (!Object.hasOwn(node, 'when')) throw new DefinitionError('a case needs when', path)
  const scope = context.scope.inner()
  const when = node['when']
  const test =
    fields && isFieldsPattern(when)
      ? compileFieldsPattern(when, scope, [...path, 'when'], fields)
      : compilePattern(when, scope, [...path, 'when'], shape)
  if (!Object.hasOwn(node, 'then')) throw new DefinitionError('a case needs then', path)
  return {
    test: watched(test, context, path),
    make: context.compile(node['then'], { ...context, scope }, [...path, 'then']),
  }
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
