import { GatewayError } from '../../../chat/error.ts'
import type { FramedEvent, Framer, FramingOptions } from '../../types.ts'
import { asBuffer, MAX_EVENT, tooLong } from './whole-lines.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_MAP = 0x7b
const CLOSE_MAP = 0x7d

/**
 * A JSON list that arrives piece by piece: each element is an event as soon as it is whole. A body that is one value, or
 * several one behind another, gives those. It looks at bytes only: UTF-8 never has a quote or a brace inside a character.
 */
export function jsonArray(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_EVENT
  /** Bytes of the open element that came in earlier reads. */
  let pending: Buffer[] = []
  let pendingSize = 0
  let began = false
  let inList = false
  let inElement = false
  let inString = false
  let escaped = false
  /** Open braces and brackets inside the element. */
  let depth = 0

  function element(bytes: Buffer, out: FramedEvent[]): void {
    if (pendingSize + bytes.length > maxEvent) throw tooLong(maxEvent)
    const text = (pendingSize > 0 ? Buffer.concat([...pending, bytes]) : bytes).toString('utf8').trim()
    pending = []
    pendingSize = 0
    inElement = false
    if (text !== '') out.push({ text })
  }

  /** Where the string that is open at `from` goes on after this read, or ends: the index behind its quote. */
  function skipString(bytes: Buffer, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      if (escaped) escaped = false
      else if (bytes[i] === BACKSLASH) escaped = true
      else if (bytes[i] === QUOTE) {
        inString = false
        return i + 1
      }
    }
    return bytes.length
  }

  function push(chunk: Uint8Array): FramedEvent[] {
    const bytes = asBuffer(chunk)
    const out: FramedEvent[] = []
    let start = 0
    let i = 0
    while (i < bytes.length) {
      if (inString) {
        i = skipString(bytes, i)
        continue
      }
      const byte = bytes[i++] ?? 0
      if (!inElement) {
        start = i - 1
        if (isBetween(byte)) continue
        if (!inList && byte === OPEN_LIST && !began) {
          began = inList = true
          continue
        }
        if (inList && byte === CLOSE_LIST) {
          inList = false
          continue
        }
        began = inElement = true
      }
      if (byte === QUOTE) inString = true
      else if (byte === OPEN_MAP || byte === OPEN_LIST) depth++
      else if (depth > 0 && (byte === CLOSE_MAP || byte === CLOSE_LIST)) {
        if (--depth === 0) element(bytes.subarray(start, i), out)
      } else if (depth === 0 && inList && (byte === COMMA || byte === CLOSE_LIST)) {
        element(bytes.subarray(start, i - 1), out)
        inList = byte !== CLOSE_LIST
      }
    }
    if (inElement) {
      pending.push(bytes.subarray(start))
      pendingSize += bytes.length - start
      if (pendingSize > maxEvent) throw tooLong(maxEvent)
    }
    return out
  }

  return {
    push,
    end() {
      if (depth > 0 || inString)
        throw new GatewayError('broken_stream', 'The upstream ended its answer inside a JSON value.')
      const out: FramedEvent[] = []
      element(Buffer.alloc(0), out)
      return out
    },
  }
}

/** White space, a comma, or a byte of the byte order mark. */
function isBetween(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === 0xef || byte === 0xbb || byte === 0xbf
}
