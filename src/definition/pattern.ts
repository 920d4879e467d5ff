/** A pattern by example: the vendor's own JSON with holes that bind. Compiled once to (value, frame) => boolean. */
import { DefinitionError, type Path } from './error.ts'
import { readPatternHole, type Hole, type Reader } from './hole.ts'
import { NOTHING } from './constant-folding.ts'
import { didYouMean } from './near-miss.ts'
import { compileTextPattern } from './text-pattern.ts'
import { ANYTHING, isAbsent, isMap, type Pattern, type Scope, type Shape } from './scope.ts'

/** What takes every value, and what takes none: whoever compiles a pattern can tell them from the others. */
export const EVERY: Pattern = () => true
export const NONE: Pattern = () => false

/**
 * - text, number, boolean: equals; `~`: absent or null
 * - text with `${name}`: holds the pieces around the holes, in order; each hole binds what stands between them
 * - `$name`: present, and bound; `$name?`: bound if present; `$name:list`: of that type
 * - a map: every key written here fits; others may be there
 * - a list: the first items fit, one by one; `[]`: an empty list
 */
export function compilePattern(pattern: unknown, scope: Scope, path: Path, shape: Shape = ANYTHING): Pattern {
  if (isAbsent(pattern)) return isAbsent
  if (typeof pattern === 'string') return textPattern(pattern, scope, path, shape)
  if (Array.isArray(pattern)) return listPattern(pattern, scope, path, shape)
  if (isMap(pattern)) return mapPattern(pattern, scope, path, shape)
  return (value) => value === pattern
}

function textPattern(text: string, scope: Scope, path: Path, shape: Shape): Pattern {
  if (text.includes('${')) return compileTextPattern(text, scope, path)
  const hole = readPatternHole(text, path)
  if (!hole) {
    const literal = text.startsWith('$$') ? text.slice(1) : text
    return (value) => value === literal
  }
  const slot = scope.bind(hole.name, shape)
  const { optional, accepts } = hole
  return (value, frame) => {
    // an optional hole of another type passes the value over, so that one rule reads "text, if it is text"
    if (isAbsent(value) || (accepts !== undefined && !accepts(value))) {
      frame[slot] = undefined
      return optional
    }
    frame[slot] = value
    return true
  }
}

function listPattern(items: unknown[], scope: Scope, path: Path, shape: Shape): Pattern {
  const tests = items.map((item, i) => compilePattern(item, scope, [...path, i], shape.item))
  return tests.length === 0 ? isEmptyList : firstFit(tests)
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function firstFit(tests: readonly Pattern[]): Pattern {
  return (value, frame) => {
    if (!Array.isArray(value) || value.length < tests.length) return false
    for (let i = 0; i < tests.length; i++) if (!(tests[i] as Pattern)(value[i], frame)) return false
    return true
  }
}

function mapPattern(map: Record<string, unknown>, scope: Scope, path: Path, shape: Shape): Pattern {
  const entries = Object.entries(map).map(([key, pattern]) => {
    if (key.startsWith('$')) {
      throw new DefinitionError(
        `"${key}" cannot stand in a pattern; a pattern holds the vendor's own keys`,
        [...path, key],
        'key',
      )
    }
    if (shape.keys && !Object.hasOwn(shape.keys, key)) {
      const known = Object.keys(shape.keys)
      throw new DefinitionError(
        `no key "${key}" here${didYouMean(key, known)} (${known.join(', ')})`,
        [...path, key],
        'key',
      )
    }
    return { key, test: compilePattern(pattern, scope, [...path, key], shape.keys?.[key]), cost: costOf(pattern) }
  })
  return keysFit(byCost(entries))
}

/** Literals decide most cases, so they come first. */
function byCost<T extends { cost: number }>(entries: T[]): T[] {
  return entries.sort((a, b) => a.cost - b.cost)
}

function keysFit(entries: readonly { key: string; test: Pattern }[]): Pattern {
  const keys = entries.map((entry) => entry.key)
  const tests = entries.map((entry) => entry.test)
  // a key that every object inherits must be its own; any other is read without asking, which is twice as fast
  const inherited = keys.some((key) => key in Object.prototype)
  return (value, frame) => {
    if (!isMap(value)) return false
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string
      const field = inherited && !Object.hasOwn(value, key) ? undefined : value[key]
      if (!(tests[i] as Pattern)(field, frame)) return false
    }
    return true
  }
}

/**
 * The pattern of a map that is written out of holes, `{ a: $x, b: $y }`: its fields are read where they stand, and the
 * map itself is never made. What is known of a field is asked now.
 */
export function compileFieldsPattern(
  map: Record<string, unknown>,
  scope: Scope,
  path: Path,
  fields: ReadonlyMap<string, Hole>,
): Pattern {
  const entries: { read: Reader; test: Pattern; cost: number }[] = []
  let canFit = true
  for (const [key, pattern] of Object.entries(map)) {
    const compile = (): Pattern => compilePattern(pattern, scope, [...path, key])
    const field = fields.get(key)
    const known = field ? field.known : NOTHING
    if (known) canFit = scope.settle(compile, known) && canFit
    else if (field) entries.push({ read: field.read, test: compile(), cost: costOf(pattern) })
  }
  if (!canFit) return NONE
  return entries.length === 0 ? EVERY : fieldsFit(byCost(entries))
}

function fieldsFit(entries: readonly { read: Reader; test: Pattern }[]): Pattern {
  const reads = entries.map((entry) => entry.read)
  const tests = entries.map((entry) => entry.test)
  return (_, frame) => {
    for (let i = 0; i < tests.length; i++) {
      if (!(tests[i] as Pattern)((reads[i] as Reader)(frame), frame)) return false
    }
    return true
  }
}

function costOf(pattern: unknown): number {
  if (typeof pattern === 'string') return pattern.startsWith('$') ? 2 : 0
  return typeof pattern === 'object' && pattern !== null ? 1 : 0
}
