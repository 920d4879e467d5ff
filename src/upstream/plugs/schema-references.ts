/** References of a JSON Schema put where they point from, for vendors that know no `$ref`. */
import { isMap } from '../../definition/scope.ts'

/** Deeper than this no tool's schema goes; a chain of references that does is a bomb. */
const DEEPEST = 24
/** Nodes that inlining may give: references to references multiply. */
const MOST_NODES = 20_000

/** A reference to what is just being written (a recursive schema) becomes an open object that says so. */
export function inlineReferences(root: Record<string, unknown>): Record<string, unknown> {
  let nodes = 0
  const walk = (node: unknown, open: readonly string[]): unknown => {
    if (++nodes > MOST_NODES || open.length > DEEPEST)
      return { type: 'object', description: 'Left open: the schema is too large.' }
    if (Array.isArray(node)) return node.map((item) => walk(item, open))
    if (!isMap(node)) return node
    const reference = node['$ref']
    if (typeof reference === 'string') {
      if (open.includes(reference))
        return { type: 'object', description: `Recursive: the same as ${nameOf(reference)} above.` }
      const target = resolve(root, reference)
      const { $ref: _, ...beside } = node
      if (!isMap(target)) return walk({ type: 'object', ...beside }, open)
      return walk({ ...target, ...beside }, [...open, reference])
    }
    const out: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(node)) {
      if (key !== '$defs' && key !== 'definitions') out[key] = walk(value, open)
    }
    return out
  }
  const inlined = walk(root, [])
  return isMap(inlined) ? inlined : {}
}

/** A JSON pointer inside the same document: `#/$defs/Node`. */
function resolve(root: Record<string, unknown>, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let value: unknown = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(step.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function nameOf(reference: string): string {
  return reference === '#' ? 'the whole' : (reference.split('/').at(-1) ?? reference)
}
