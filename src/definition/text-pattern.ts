/** A text by example: `Limit ${limit}, Used ${used}.` fits any text that holds the pieces in order. */
import { DefinitionError, type Path } from './error.ts'
import type { Pattern, Scope } from './scope.ts'

const HOLE = /\$\{([^}]*)\}/g

/** Linear in the text's length whatever the text says: each piece is looked for once, from where the last one ended. */
export function compileTextPattern(text: string, scope: Scope, path: Path): Pattern {
  const pieces: string[] = []
  const slots: number[] = []
  let last = 0
  for (const match of text.matchAll(HOLE)) {
    const name = match[1] ?? ''
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new DefinitionError(`"${match[0]}" is not a hole; write \${name}`, path, 'value', match.index)
    const piece = text.slice(last, match.index)
    if (piece === '' && slots.length > 0)
      throw new DefinitionError('two holes need text between them', path, 'value', match.index)
    pieces.push(piece)
    slots.push(scope.bind(name))
    last = match.index + match[0].length
  }
  const tail = text.slice(last)
  return (value, frame) => {
    if (typeof value !== 'string') return false
    let at = 0
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as string
      const found = value.indexOf(piece, at)
      if (found < 0) return false
      if (i > 0) frame[slots[i - 1] as number] = value.slice(at, found)
      at = found + piece.length
    }
    const end = tail === '' ? value.length : value.indexOf(tail, at)
    if (end < 0) return false
    frame[slots.at(-1) as number] = value.slice(at, end)
    return true
  }
}
