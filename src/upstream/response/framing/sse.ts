import type { FramedEvent, Framer, FramingOptions } from '../../types.ts'
import { createLineCutter, MAX_EVENT, tooLong } from './whole-lines.ts'

/** A field or a comment: the end of bare JSON even where the empty line is missing. */
const FIELD = /^(?:data|event|error|id|retry)?:/

/**
 * Server-sent events as the HTML standard parses them (https://html.spec.whatwg.org/multipage/server-sent-events.html),
 * and what servers send beside it: an event that the end of the body cuts off is given out; an `error:` field
 * (llama.cpp) is an event named `error`; bare JSON without `data:` (an error page in a stream) is an event.
 */
export function sse(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_EVENT
  const lines = createLineCutter(maxEvent)
  let name: string | undefined
  let data: string | undefined
  /** Inside bare JSON, whose lines go on to an empty line, a field, or the next object. */
  let bare = false

  function append(value: string): void {
    data = data === undefined ? value : `${data}\n${value}`
    if (data.length > maxEvent) throw tooLong(maxEvent)
  }

  function dispatch(out: FramedEvent[]): void {
    if (data !== undefined) out.push(name === undefined ? { text: data } : { name, text: data })
    name = undefined
    data = undefined
    bare = false
  }

  function field(line: string, out: FramedEvent[]): void {
    if (bare ? !FIELD.test(line) : line.startsWith('{') || line.startsWith('[')) {
      if (bare && line.startsWith('{') && data?.startsWith('{')) dispatch(out)
      bare = true
      append(line)
      return
    }
    if (bare) dispatch(out)
    const colon = line.indexOf(':')
    if (colon === 0) return
    const key = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1)
    if (key === 'event') name = value === '' ? undefined : value
    else if (key === 'data') append(value)
    else if (key === 'error') {
      dispatch(out)
      name = 'error'
      append(value)
    }
  }

  function read(text: string): FramedEvent[] {
    const out: FramedEvent[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (end === start) dispatch(out)
      // Nearly every line of a stream: `data: …`, told without a look at its field name.
      else if (!bare && text.startsWith('data: ', start)) append(text.slice(start + 6, end))
      else field(text.slice(start, end), out)
      start = end + 1
    }
    return out
  }

  return {
    push: (bytes) => read(lines.push(bytes)),
    end: () => read(`${lines.end()}\n\n`),
    isBetween: () => lines.isBetween() && name === undefined && data === undefined && !bare,
  }
}
