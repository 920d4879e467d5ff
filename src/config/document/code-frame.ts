/** Path in a document → file:line:column, and that line with a caret. */
import type { Document, Node, Pair } from 'yaml'
import type { Path } from '../../definition/error.ts'
import { maskedLine } from './mask-secrets.ts'
import { scalarOffset } from './scalar-offset.ts'
import { yamlLibrary } from './yaml-library.ts'
import type { Fault, Problem } from '../problem.ts'
import type { Source } from './source.ts'

/** Characters of a line that are shown; a JSON file may be one long line. */
const WIDEST = 120
/** A name and a password in an address. */
const USER_OF_URL = /\/\/[^/@\s"']+@/g

/** Where a fault stands. A path that the document does not have is placed at its nearest ancestor. */
export function codeFrame(source: Source, { path, message, at, offset }: Fault): Problem {
  const found = find(source.document, path)
  const exact = found.depth === path.length
  const node = exact && at === 'key' && found.key ? found.key : (textOf(found.value) ?? found.key ?? found.value)
  const start = node?.range?.[0] ?? 0
  return place(source, exact ? start + scalarOffset(source.text, node, at === 'key' ? 0 : offset) : start, message)
}

/** Does the document itself say something at this path? */
export function contains(source: Source, path: Path): boolean {
  return find(source.document, path).depth === path.length
}

/** `guess` masks whatever looks like a credential: for a file so broken that its structure is not known. */
export function place(source: Source, offset: number, message: string, guess = false): Problem {
  const { line, col } = source.lines.linePos(Math.min(offset, source.text.length))
  const masked = maskedLine(source, line, Math.max(col, 1), guess)
  return {
    file: source.file,
    line,
    column: Math.max(col, 1),
    message,
    excerpt: excerpt(line, masked.text.replace(USER_OF_URL, '//•••@'), masked.column),
  }
}

function excerpt(line: number, text: string, column: number): string {
  if (text.trim() === '') return ''
  const from = text.length <= WIDEST ? 0 : Math.max(0, Math.min(column - WIDEST / 2, text.length - WIDEST))
  const cut = text.slice(from, from + WIDEST)
  const shown = `${from > 0 ? '…' : ''}${cut}${from + WIDEST < text.length ? '…' : ''}`
  const margin = `  ${line} | `
  const before = shown.slice(0, column - 1 - from + (from > 0 ? 1 : 0)).replace(/[^\t]/g, ' ')
  return `${margin}${shown}\n${' '.repeat(margin.length)}${before}^`
}

interface Found {
  key: Node | null
  value: Node | null
  /** How many steps of the path the document has. */
  depth: number
}

function find(document: Document, path: Path): Found {
  const { isMap, isScalar, isSeq } = yamlLibrary()
  let found: Found = { key: null, value: document.contents, depth: 0 }
  for (const step of path) {
    const inside = resolved(document, found.value)
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value ?? '') === String(step))
      if (!pair) return found
      const { key, value } = pair as Pair<Node, Node | null>
      found = { key, value, depth: found.depth + 1 }
    } else if (isSeq(inside) && Number(step) < inside.items.length) {
      found = { key: null, value: inside.items[Number(step)] as Node, depth: found.depth + 1 }
    } else return found
  }
  return found
}

function resolved(document: Document, node: Node | null): Node | null {
  return yamlLibrary().isAlias(node) ? (node.resolve(document) ?? null) : node
}

/** A map or list in block style begins at its first key, which says little: its own key is the better place. */
function textOf(node: Node | null): Node | undefined {
  if (node === null) return undefined
  if (yamlLibrary().isCollection(node)) return node.flow ? node : undefined
  const [start, end] = node.range ?? [0, 0]
  return start === end ? undefined : node
}
