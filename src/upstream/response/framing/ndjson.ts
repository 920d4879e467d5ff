import type { FramedEvent, Framer, FramingOptions } from '../../types.ts'
import { createLineCutter, MAX_EVENT, tooLong } from './whole-lines.ts'

/** What no JSON begins with: a field of server-sent events, or a comment among them. */
const FIELD = /^(?:data:\s*|(?:event|id|retry)?:.*)/

/** The same server may answer at another of its paths by events, each of one line. */
function withoutField(line: string): string {
  return line.replace(FIELD, '')
}

/** One JSON value a line; blank lines mean nothing; the last line needs no end. */
export function ndjson(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_EVENT
  const lines = createLineCutter(maxEvent)

  function read(text: string): FramedEvent[] {
    const out: FramedEvent[] = []
    for (const line of text.split('\n')) {
      const json = line.trim()
      if (json.length > maxEvent) throw tooLong(maxEvent)
      const text = json.startsWith('{') ? json : withoutField(json)
      if (text !== '') out.push({ text })
    }
    return out
  }

  return {
    push: (bytes) => read(lines.push(bytes)),
    end: () => read(lines.end()),
    isBetween: () => lines.isBetween(),
  }
}
