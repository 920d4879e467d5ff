/** Where a value ends in the bytes of a valid JSON text, without reading what it says. */

const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_MAP = 0x7b
const CLOSE_MAP = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Behind the list or map that begins there; 0 where it does not end before `most`, or nothing of the kind begins there. */
export function endOf(json: Buffer, from: number, most: number): number {
  let depth = 0
  for (let at = from; at < most; at++) {
    const byte = json[at]
    if (byte === QUOTE) {
      for (at++; at < most && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++
    } else if (byte === OPEN_LIST || byte === OPEN_MAP) depth++
    else if ((byte === CLOSE_LIST || byte === CLOSE_MAP) && --depth === 0) return at + 1
    else if (depth === 0) return 0
  }
  return 0
}

/** Behind space, tabs and line ends, as JSON has them. */
export function skipSpace(json: Buffer, from: number): number {
  let at = from
  while (json[at] === 0x20 || json[at] === 0x09 || json[at] === 0x0a || json[at] === 0x0d) at++
  return at
}
