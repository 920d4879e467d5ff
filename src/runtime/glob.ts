/** Globs with `*` only, matched in linear time whatever the text: `model-*-4-5*`. */
export function globTest(glob: string): (text: string) => boolean {
  const pieces = glob.split('*')
  const [head = '', ...rest] = pieces
  const tail = rest.pop()
  if (tail === undefined) return (text) => text === glob
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false
    let at = head.length
    const end = text.length - tail.length
    for (const piece of rest) {
      const found = text.indexOf(piece, at)
      if (found < 0 || found + piece.length > end) return false
      at = found + piece.length
    }
    return true
  }
}
