import { GatewayError } from '../../../chat/error.ts'

/** Bytes that one event may have unless the definition says otherwise: an inline image of some megabytes passes. */
export const MAX_EVENT = 64 * 1024 * 1024

export interface LineCutter {
  /** All lines that are whole now, each ended by `\n` whatever ended it on the wire; empty when there is none. */
  push(bytes: Uint8Array): string
  /** The last line when nothing ended it. */
  end(): string
  /** Nothing is held back, and nothing that came before changes how the next bytes are read. */
  isBetween(): boolean
}

/**
 * Cuts a body behind its last line end, so that a read is decoded once and UTF-8 is never cut. `\n`, `\r\n` and a lone
 * `\r` end a line; a leading byte order mark is dropped.
 */
export function createLineCutter(maxEvent: number): LineCutter {
  let pending: Buffer[] = []
  let pendingSize = 0
  let first = true
  let afterReturn = false

  function decode(bytes: Buffer): string {
    let text = bytes.toString('utf8')
    if (first && text !== '') {
      first = false
      if (text.startsWith('\uFEFF')) text = text.slice(1)
    }
    if (text.includes('\r') || afterReturn) text = plainLines(text)
    return text
  }

  /** A `\r` at the end of a read ends its line at once; the `\n` that may follow in the next read belongs to it. */
  function plainLines(text: string): string {
    if (!afterReturn && !text.endsWith('\r')) {
      const usual = text.replaceAll('\r\n', '\n')
      if (!usual.includes('\r')) return usual
    }
    const whole = afterReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') afterReturn = text.endsWith('\r')
    return whole.replace(/\r\n?/g, '\n')
  }

  return {
    push(bytes) {
      const buffer = asBuffer(bytes)
      // nearly every read ends with a line
      const isWhole = buffer[buffer.length - 1] === 10
      if (isWhole && pendingSize === 0) return decode(buffer)
      const cut = isWhole ? buffer.length : Math.max(buffer.lastIndexOf(10), buffer.lastIndexOf(13)) + 1
      if (cut === 0) {
        pending.push(buffer)
        pendingSize += buffer.length
        if (pendingSize > maxEvent) throw tooLong(maxEvent)
        return ''
      }
      let whole = buffer.subarray(0, cut)
      if (pendingSize > 0) whole = Buffer.concat([...pending, whole])
      pending = cut === buffer.length ? [] : [buffer.subarray(cut)]
      pendingSize = buffer.length - cut
      return decode(whole)
    },
    end() {
      const rest = Buffer.concat(pending)
      pending = []
      pendingSize = 0
      return decode(rest)
    },
    isBetween: () => pendingSize === 0 && !first && !afterReturn,
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function tooLong(maxEvent: number): GatewayError {
  return new GatewayError(
    'bad_answer',
    `The upstream sent an event of more than ${maxEvent} bytes; it was not read further.`,
  )
}
