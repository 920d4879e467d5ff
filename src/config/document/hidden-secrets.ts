/** A whole file for a page: its secrets masked, line by line, and put back into the text that comes from there. */
import { SECRET_SHAPES } from '../../runtime/secret-shapes.ts'
import { MASK, maskedLine } from './mask-secrets.ts'
import type { Source } from './source.ts'

/** Lines of the file with their secrets masked: by their place, and elsewhere, such as in a comment, by their shape. */
export function hideSecrets(source: Source): string[] {
  return linesOf(source.text).map((_line, index) =>
    SECRET_SHAPES.reduce((line, shape) => line.replaceAll(shape, MASK), maskedLine(source, index + 1, 1, false).text),
  )
}

/**
 * The text as it is to be written: each masked line is one of the file's own, as it is there. Undefined in `text` where
 * a masked line was changed; `line`, from 1, says which.
 */
export function restoreSecrets(source: Source, shown: string): { text: string } | { text?: undefined; line: number } {
  const own = linesOf(source.text)
  const hidden = new Map<string, string[]>()
  for (const [index, masked] of hideSecrets(source).entries()) {
    if (!masked.includes(MASK)) continue
    const same = hidden.get(masked) ?? []
    same.push(own[index] ?? '')
    hidden.set(masked, same)
  }
  const written: string[] = []
  for (const [index, line] of shown.split(/\r?\n/).entries()) {
    // the last stands for further copies of the same line
    const same = line.includes(MASK) ? hidden.get(line) : [line]
    const [first] = same ?? []
    if (first === undefined) return { line: index + 1 }
    if (same && same.length > 1) same.shift()
    written.push(first)
  }
  return { text: written.join('\n') }
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/)
}
