/** Two texts beside each other, where a terminal has room for both. */
import { stripVTControlCharacters } from 'node:util'

const GAP = ' │ '
/** Characters of a line, below which two columns are too narrow to read. */
export const ROOM = 100

export interface Column {
  title: string
  text: string
}

/** @param columns characters of a line; one below the other where they are few */
export function beside(left: Column, right: Column, columns: number): string {
  if (columns < ROOM) return [left, right].map(({ title, text }) => `${title}\n${text}`).join('\n\n')
  const width = Math.floor((columns - GAP.length) / 2)
  const [first, second] = [left, right].map(({ title, text }) => [title, '─'.repeat(width), ...wrapped(text, width)])
  const lines = Math.max(first?.length ?? 0, second?.length ?? 0)
  return Array.from({ length: lines }, (_, line) =>
    `${(first?.[line] ?? '').padEnd(width)}${GAP}${second?.[line] ?? ''}`.trimEnd(),
  ).join('\n')
}

/** What stands in texts of others must not move the cursor. */
function wrapped(text: string, width: number): string[] {
  return stripVTControlCharacters(text)
    .replaceAll('\t', '  ')
    .split(/\r?\n/)
    .flatMap((line) => (line === '' ? [''] : (line.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? [])))
}
