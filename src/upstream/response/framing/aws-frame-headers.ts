import { GatewayError } from '../../../chat/error.ts'

/** Bytes of a value by its type number; types 6 and 7 say their length themselves. */
const FIXED_SIZES: Record<number, number> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const STRING = 7

/** The text headers of one event-stream frame; those of other types are stepped over. */
export function frameHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    const name = bytes.toString('utf8', at + 1, nameEnd)
    const type = bytes[nameEnd] ?? -1
    at = nameEnd + 1
    let size = FIXED_SIZES[type]
    if (size === undefined && (type === STRING || type === STRING - 1) && at + 2 <= bytes.length) {
      size = bytes.readUInt16BE(at)
      at += 2
    }
    if (size === undefined || at + size > bytes.length) {
      throw new GatewayError('bad_answer', 'The upstream sent an event-stream frame whose headers are wrong.')
    }
    if (type === STRING) headers[name] = bytes.toString('utf8', at, at + size)
    at += size
  }
  return headers
}
