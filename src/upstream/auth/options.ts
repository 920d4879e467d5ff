/** Reads the options of an authoriser as its definition writes them; what is wrong is told at load, with its place. */
import { onlyKeys } from '../../definition/cases.ts'
import type { Template } from '../../definition/context.ts'
import { DefinitionError, type Path } from '../../definition/error.ts'
import { ANYTHING, isMap, Scope } from '../../definition/scope.ts'
import { compileTemplate, templateContext } from '../../definition/template.ts'

/** A template over named values. */
export type Fill<T> = (values: Record<string, unknown>) => T

export interface Options {
  text(key: string): string | undefined
  need(key: string): string
  /** A number above zero. */
  number(key: string, otherwise: number): number
  oneOf<T extends string>(key: string, choices: readonly T[], otherwise: T): T
  list(key: string, otherwise: string[]): string[]
  has(key: string): boolean
  /** Filled by the names; `otherwise` stands where the option is left out. */
  template(key: string, names: readonly string[], otherwise?: unknown): Fill<unknown>
  /** Names of the parts of `$key` that templates of these options read. */
  parts(): string[]
  path(key: string): Path
}

export function readOptions(name: string, options: Record<string, unknown>, known: readonly string[]): Options {
  const root = ['auth', name]
  onlyKeys(options, new Set(known), root)
  const path = (key: string): Path => [...root, key]
  const fault = (key: string, what: string): DefinitionError => new DefinitionError(`${key} ${what}`, path(key))

  function text(key: string): string | undefined {
    const value = options[key]
    if (value === undefined || typeof value === 'string') return value
    throw fault(key, 'is a text')
  }

  return {
    text,
    need(key) {
      const value = text(key)
      if (value === undefined) throw new DefinitionError(`${name} needs ${key}`, root)
      return value
    },
    number(key, otherwise) {
      const value = options[key] ?? otherwise
      if (typeof value === 'number' && value > 0) return value
      throw fault(key, 'is a number above 0')
    },
    oneOf(key, choices, otherwise) {
      const value = options[key] ?? otherwise
      const found = choices.find((choice) => choice === value)
      if (found === undefined) throw fault(key, `is one of ${choices.join(', ')}`)
      return found
    },
    list(key, otherwise) {
      const value = options[key] ?? otherwise
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
      throw fault(key, 'is a list of texts')
    },
    has: (key) => options[key] !== undefined,
    template: (key, names, otherwise) => compileFill(options[key] ?? otherwise, names, path(key)),
    parts: () => [...new Set([...JSON.stringify(options).matchAll(/\$\{?key\.(\w+)/g)].map((match) => match[1] ?? ''))],
    path,
  }
}

function compileFill(node: unknown, names: readonly string[], path: Path): Fill<unknown> {
  const scope = Scope.of(Object.fromEntries(names.map((name) => [name, ANYTHING])))
  const make: Template = compileTemplate(node, templateContext(scope), path)
  return (values) =>
    make(
      Object.assign(
        scope.frame(),
        names.map((name) => values[name]),
      ),
    )
}

/** What a template for headers, a query or a form gave, as texts. */
export function textMap(value: unknown): Record<string, string> {
  if (!isMap(value)) return {}
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)]),
  )
}
