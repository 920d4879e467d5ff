/** References of a JSON Schema put where they point from, for vendors that know no `$ref`. */
import { isMap } from '../../definition/scope.ts'

/** A chain of references that is longer than this is a bomb. */
const LONGEST_CHAIN = 24
/** Levels of nesting, two for each property; deeper than this no tool's schema goes, and no vendor takes it. */
const DEEPEST = 256
/** Nodes that inlining may give: references to references multiply. */
const MOST_NODES = 20_000

/** What stands where a schema was cut. */
export const TOO_LARGE = { type: 'object', description: 'Left open: the schema is too large.' }

/** A reference to what is just being written (a recursive schema) becomes an open object that says so. */
export function inlineReferences(root: Record<string, unknown>): Record<string, unknown> {
  let nodes = 0
  const walk = (node: unknown, open: readonly string[], depth: number): unknown => {
    if (++nodes > MOST_NODES || open.length > LONGEST_CHAIN || depth > DEEPEST) return { ...TOO_LARGE }
    if (Array.isArray(node)) return node.map((item) => walk(item, open, depth + 1))
    if (!isMap(node)) return node
    const reference = node['$ref']
    if (typeof reference === 'string') {
      if (open.includes(reference))
        return { type: 'object', description: `Recursive: the same as ${nameOf(reference)} above.` }
      const target = resolveReference(root, reference)
      const { $ref: _, ...beside } = node
      if (!isMap(target)) return walk({ type: 'object', ...beside }, open, depth)
      return walk({ ...target, ...beside }, [...open, reference], depth)
    }
    const out: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(node)) {
      if (key !== '$defs' && key !== 'definitions') out[key] = walk(value, open, depth + 1)
    }
    return out
  }
  const inlined = walk(root, [], 0)
  return isMap(inlined) ? inlined : {}
}

/** A JSON pointer inside the same document: `#/$defs/Node`. */
export function resolveReference(root: Record<string, unknown>, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let value: unknown = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = decoded(step.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

function nameOf(reference: string): string {
  return reference === '#' ? 'the whole' : (reference.split('/').at(-1) ?? reference)
}
