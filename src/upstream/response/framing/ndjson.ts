import type { FramedEvent, Framer, FramingOptions } from '../../types.ts'
import { createLineCutter, MAX_EVENT, tooLong } from './whole-lines.ts'

/** One JSON value a line; blank lines mean nothing; the last line needs no end. */
export function ndjson(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_EVENT
  const lines = createLineCutter(maxEvent)

  function read(text: string): FramedEvent[] {
    const out: FramedEvent[] = []
    for (const line of text.split('\n')) {
      const json = line.trim()
      if (json.length > maxEvent) throw tooLong(maxEvent)
      if (json !== '') out.push({ text: json })
    }
    return out
  }

  return {
    push: (bytes) => read(lines.push(bytes)),
    end: () => read(lines.end()),
    isBetween: () => lines.isBetween(),
  }
}
