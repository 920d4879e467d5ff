/** Short ways to run a piece of a definition on values. */
import { templateContext, compileTemplate } from '../../src/definition/template.ts'
import { compilePattern } from '../../src/definition/pattern.ts'
import { compileRules } from '../../src/definition/rules.ts'
import { Scope } from '../../src/definition/scope.ts'
import type { TemplateFunction } from '../../src/definition/context.ts'

type Values = Record<string, unknown>

/** A template whose holes are the keys of `values`. */
export function fill(
  template: unknown,
  values: Values = {},
  functions: Record<string, TemplateFunction> = {},
): unknown {
  const scope = Scope.of(Object.fromEntries(Object.keys(values).map((name) => [name, {}])))
  const make = compileTemplate(template, templateContext(scope, functions), [])
  const frame = scope.frame()
  for (const [name, value] of Object.entries(values)) frame[scope.slotOf(name)] = value
  return make(frame)
}

/** What a pattern binds of a value, or undefined when it does not take it. */
export function match(pattern: unknown, value: unknown, ...names: string[]): Values | undefined {
  const scope = Scope.of({})
  const test = compilePattern(pattern, scope, [])
  const frame = scope.frame()
  if (!test(value, frame)) return undefined
  return Object.fromEntries(names.map((name) => [name, frame[scope.slotOf(name)]]))
}

/** What rules emit for each value, one after the other on the same frame. */
export function emit(rules: unknown, ...events: (unknown | [value: unknown, name: string])[]): Values[][] {
  const scope = Scope.of({})
  const run = compileRules(rules, templateContext(scope), [], new Set(['text', 'id', 'done', 'more']))
  const frame = scope.frame()
  return events.map((event) => {
    const out: Values[] = []
    const [value, name] = Array.isArray(event) ? (event as [unknown, string]) : [event, undefined]
    run(value, name, frame, out)
    return out
  })
}
