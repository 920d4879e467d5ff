/** Characters into a scalar's value → characters into its text in the file, with its quotes, escapes and indents. */
import type { Node } from 'yaml'
import { yamlLibrary } from './yaml-library.ts'

const ESCAPE = /^\\(?:x.{2}|u.{4}|U.{8}|\r?\n[ \t]*|[^])/

export function scalarOffset(text: string, node: Node | null | undefined, offset: number): number {
  if (!yamlLibrary().isScalar(node) || !node.range) return 0
  const [start, end] = node.range
  const raw = text.slice(start, end)
  // A fault of the whole text is shown at its opening quote.
  if (offset === 0 && !node.type?.startsWith('BLOCK')) return 0
  switch (node.type) {
    case 'QUOTE_DOUBLE':
      return quoted(raw, offset, (rest) => ESCAPE.exec(rest)?.[0].length ?? 1)
    case 'QUOTE_SINGLE':
      return quoted(raw, offset, (rest) => (rest.startsWith("''") ? 2 : 1))
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return block(raw, String(node.value), offset)
    default:
      return Math.min(offset, raw.length)
  }
}

function quoted(raw: string, offset: number, width: (rest: string) => number): number {
  let at = 1
  for (let i = 0; i < offset && at < raw.length - 1; i++) at += width(raw.slice(at, at + 12))
  return at
}

/** Exact for `|`; for `>` the line is right where no lines were folded before it. */
function block(raw: string, value: string, offset: number): number {
  const before = value.slice(0, offset)
  const row = before.split('\n').length - 1
  const column = offset - (before.lastIndexOf('\n') + 1)
  let at = raw.indexOf('\n') + 1
  for (let i = 0; i < row; i++) at = raw.indexOf('\n', at) + 1
  const indent = /^ */.exec(raw.slice(at))?.[0].length ?? 0
  return at + indent + column
}
