/** Which branches of a definition (cases and rules) a set of examples reaches, by where they stand in its file. */
import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { checkFormatFile } from '../../config/sections/formats.ts'
import { readSource } from '../../config/document/read-source.ts'
import type { Source } from '../../config/document/source.ts'
import type { Path } from '../../definition/error.ts'
import type { Format } from '../../upstream/types.ts'
import { compileFormat } from '../../upstream/format/format.ts'

export interface Branch {
  /** Counted from 1. */
  line: number
  column: number
  /** The branch as it stands there: its line, trimmed. */
  text: string
  taken: number
}

export interface CoveredFormat {
  format: Format
  /** In the order of the file; a branch that an alias repeats is one. */
  branches(): Branch[]
}

/** Throws a ConfigError when the definition is faulty. Branches of what it extends belong to that file. */
export function watchFormat(file: string): CoveredFormat {
  const source = readSource(file)
  const lines = source.text.split('\n')
  const found = new Map<string, Branch>()
  const watch = (path: Path): (() => void) => {
    const start = nodeAt(source, path)?.range?.[0]
    if (start === undefined) return () => {}
    const { line, col: column } = source.lines.linePos(start)
    const place = `${line}:${column}`
    const branch = found.get(place) ?? { line, column, text: (lines[line - 1] ?? '').trim(), taken: 0 }
    found.set(place, branch)
    return () => {
      branch.taken++
    }
  }
  const format = checkFormatFile(file, (name, definition) => compileFormat(name, definition, watch))
  return { format, branches: () => [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column) }
}

/** What stands at a path, where it was first written: an alias is followed. */
function nodeAt({ document }: Source, path: Path): Node | undefined {
  const written = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  let node = written(document.contents)
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value ?? '') === String(step))
      node = written(pair?.value)
    } else node = isSeq(node) ? written(node.items[Number(step)]) : undefined
  }
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined
}
