/** A root that is one plain object, for vendors that take no choice at the top of a tool's parameters. */
import { isMap } from '../../definition/scope.ts'
import { resolveReference } from './schema-references.ts'

type Schema = Record<string, unknown>

/** Choices in choices are followed so far. */
const DEEPEST = 8
/** Branches that are followed at all: those that refer to the whole multiply. */
const MOST_BRANCHES = 1000

/**
 * What the branches of `anyOf`, `oneOf` and `allOf` hold becomes properties of one object: of a choice those are required
 * that each branch requires, of `allOf` all. A reference at the root is put in its place.
 */
export function flatRoot(root: Schema): Schema {
  return flat(root, { root, left: MOST_BRANCHES }, 0)
}

interface Whole {
  root: Schema
  /** Branches that may still be followed. */
  left: number
}

function flat(node: Schema, whole: Whole, depth: number): Schema {
  const reference = node['$ref']
  if (typeof reference === 'string' && depth < DEEPEST) {
    const { $ref: _, ...beside } = node
    const target = resolveReference(whole.root, reference)
    return flat({ ...(isMap(target) ? target : {}), ...beside }, whole, depth + 1)
  }
  const { anyOf, oneOf, allOf, ...out } = node
  for (const [branches, isChoice] of [
    [anyOf, true],
    [oneOf, true],
    [allOf, false],
  ] as const) {
    if (Array.isArray(branches)) join(out, branches.filter(isMap), isChoice, whole, depth)
  }
  return out
}

function join(out: Schema, branches: Schema[], isChoice: boolean, whole: Whole, depth: number): void {
  if (depth >= DEEPEST) return
  const parts = branches
    .filter(({ type }) => type !== 'null' && --whole.left >= 0)
    .map((branch) => flat(branch, whole, depth + 1))
  const properties = new Map<string, unknown>()
  for (const { properties: own } of [out, ...parts]) {
    for (const [name, schema] of isMap(own) ? Object.entries(own) : []) {
      if (!properties.has(name)) properties.set(name, schema)
    }
  }
  const wanted = new Map<string, number>()
  for (const part of parts)
    for (const name of new Set(names(part['required']))) wanted.set(name, (wanted.get(name) ?? 0) + 1)
  const all = [...wanted.keys()]
  const required = isChoice ? all.filter((name) => wanted.get(name) === parts.length) : all
  const together = [...new Set([...names(out['required']), ...required])]
  out['type'] = 'object'
  out['properties'] = Object.fromEntries(properties)
  if (together.length > 0) out['required'] = together
}

function names(required: unknown): string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []
}
