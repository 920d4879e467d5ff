import type { Framer, FramingOptions } from '../../types.ts'
import { MAX_EVENT, tooLong } from './whole-lines.ts'

/** The whole body is one event: an answer that is not a stream although a stream was asked for. */
export function json(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_EVENT
  let pending: Uint8Array[] = []
  let size = 0
  return {
    push(bytes) {
      pending.push(bytes)
      size += bytes.length
      if (size > maxEvent) throw tooLong(maxEvent)
      return []
    },
    end() {
      const text = Buffer.concat(pending)
        .toString('utf8')
        .replace(/^\uFEFF/, '')
        .trim()
      pending = []
      return text === '' ? [] : [{ text }]
    },
  }
}
