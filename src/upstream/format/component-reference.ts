/** A component as YAML names it: `sse`, or `{ sse: { maxEvent: 1000 } }`. */
import { DefinitionError, type Path } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { isMap } from '../../definition/scope.ts'

export interface ComponentReference<T> {
  component: T
  options: Record<string, unknown>
}

export function readComponentReference<T>(
  node: unknown,
  table: Record<string, T>,
  what: string,
  path: Path,
): ComponentReference<T> {
  if (typeof node === 'string') return { component: find(node, table, what, path, 'value'), options: {} }
  if (isMap(node)) {
    const entries = Object.entries(node)
    const [name, options] = entries[0] ?? ['', undefined]
    if (entries.length === 1 && (isMap(options) || options === null)) {
      return { component: find(name, table, what, [...path, name], 'key'), options: options ?? {} }
    }
  }
  throw new DefinitionError(`a ${what} is a name, or { name: { options } }`, path)
}

function find<T>(name: string, table: Record<string, T>, what: string, path: Path, at: 'key' | 'value'): T {
  const component = Object.hasOwn(table, name) ? table[name] : undefined
  if (component !== undefined) return component
  const known = Object.keys(table)
  throw new DefinitionError(`unknown ${what} "${name}"${didYouMean(name, known)} (${known.join(', ')})`, path, at)
}
