/** A key's text: what may stand around it in a file, and what no header carries. */

/** Without the line end that a file or a command brings, and spaces; what else stands there is told, as within. */
export function withoutEdges(text: string): string {
  return text.replaceAll(/^[ \r\n]+|[ \r\n]+$/g, '')
}

/** What is wrong with a key, be it a client's or a provider's; the text itself is not told. */
export function wrongKey(text: string): string | undefined {
  const unsent = unsendable(text)
  if (unsent !== undefined) return unsent
  if (/^(["'`]).*\1$/.test(text)) return 'this key stands in quotes that became part of it: take them off'
  if (/^bearer /i.test(text)) return 'this key begins with "Bearer ": give it without, the header is made of it'
  if (/^(?:\$\w+|\$?\{\{.*\}\}|%\w+%|os\.environ\/.*)$/.test(text))
    return 'this is the name of a variable as other programs write it, and would be the key: write ${NAME}'
  return undefined
}

/** Why it can stand in no header. */
function unsendable(text: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text))
    return 'this key has a line break, a tab or another control character in it: copy it anew'
  const odd = /[^ -~]/u.exec(text)?.[0]
  if (odd === undefined) return undefined
  const code = odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return `this key has a character in it that no header carries (U+${code}): copy it anew`
}
