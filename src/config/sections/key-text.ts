/** A key's text: what may stand around it in a file, and what no header carries. */

/** Without the line end that a file or a command brings, and spaces; what else stands there is told, as within. */
export function withoutEdges(text: string): string {
  return text.replaceAll(/^[ \r\n]+|[ \r\n]+$/g, '')
}

/** Why it can stand in no header; the text itself is not told. */
export function unsendable(text: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text))
    return 'this key has a line break, a tab or another control character in it: copy it anew'
  const odd = /[^ -~]/u.exec(text)?.[0]
  if (odd === undefined) return undefined
  const code = odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return `this key has a character in it that no header carries (U+${code}): copy it anew`
}
