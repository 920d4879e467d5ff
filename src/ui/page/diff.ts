/** Which lines of a text are other than before. */

export interface DiffLine {
  kind: 'same' | 'cut' | 'add'
  text: string
  /** In the text that it stands in; from 1. */
  line: number
}

/** Beyond this many pairs of lines the middle is taken for other as a whole. */
const MOST_PAIRS = 4_000_000

/** The shortest way from one to the other, line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split('\n')
  const b = after.split('\n')
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const middleA = a.slice(head, a.length - tail)
  const middleB = b.slice(head, b.length - tail)
  return [
    ...b.slice(0, head).map((text, index): DiffLine => ({ kind: 'same', text, line: index + 1 })),
    ...middle(middleA, middleB, head),
    ...b
      .slice(b.length - tail)
      .map((text, index): DiffLine => ({ kind: 'same', text, line: b.length - tail + index + 1 })),
  ]
}

function middle(a: string[], b: string[], offset: number): DiffLine[] {
  const cut = (index: number): DiffLine => ({ kind: 'cut', text: a[index] ?? '', line: offset + index + 1 })
  const add = (index: number): DiffLine => ({ kind: 'add', text: b[index] ?? '', line: offset + index + 1 })
  if (a.length * b.length > MOST_PAIRS) return [...a.keys().map(cut), ...b.keys().map(add)]
  // lengths of the longest common part of what is behind each pair
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: b[j] ?? '', line: offset + j + 1 })
      i++
      j++
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(cut(i++))
    else lines.push(add(j++))
  }
  return lines
}
