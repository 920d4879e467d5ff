/** A parsed document as plain data, within bounds: what an alias repeats is copied and counted. */
import type { Document, Node, Scalar } from 'yaml'
import { yamlLibrary } from './yaml-library.ts'

/** Values after all aliases are written out: a file of 4 MiB without aliases has fewer. */
const MOST_VALUES = 1_000_000
const DEEPEST = 100

export interface OffsetFault {
  message: string
  /** Characters from the beginning of the text. */
  offset: number
}

export function plainValue(document: Document): { value: unknown; faults: OffsetFault[] } {
  const { isAlias, isMap, isScalar, isSeq } = yamlLibrary()
  const faults: OffsetFault[] = []
  const anchors = new Map<string, Node>()
  let values = 0

  const report = (node: Node | null, message: string): undefined => {
    // An endless or exploding alias would report itself once per visit.
    if (faults.length < 20) faults.push({ message, offset: node?.range?.[0] ?? 0 })
  }

  function convert(node: Node | null, depth: number): unknown {
    if (node === null) return null
    values++
    if (values > MOST_VALUES)
      return values === MOST_VALUES + 1 ? report(node, 'aliases make this file far too large') : undefined
    if (depth > DEEPEST) return report(node, `nested more than ${DEEPEST} deep`)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target) return convert(target, depth)
      return report(node, `the alias *${node.source} has no anchor &${node.source} that ends before it`)
    }
    const value = isMap(node)
      ? convertMap(node.items, depth)
      : isSeq(node)
        ? convertList(node.items, depth)
        : isScalar(node)
          ? scalar(node)
          : undefined
    const { anchor } = node as { anchor?: string }
    if (anchor !== undefined) anchors.set(anchor, node)
    return value
  }

  function convertList(items: unknown[], depth: number): unknown[] {
    return items.map((item) => convert(item as Node | null, depth + 1))
  }

  function convertMap(items: { key: unknown; value: unknown }[], depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value ?? '') : undefined
      if (name === undefined) report(key as Node, 'a key must be plain text')
      else if (name === '__proto__') report(key as Node, 'the name __proto__ cannot be used')
      else result[name] = convert(value as Node | null, depth + 1)
    }
    return result
  }

  return { value: convert(document.contents, 0), faults }
}

function scalar({ value }: Scalar): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}
