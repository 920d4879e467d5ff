/** A format that is compiled when it is first used: a server starts with all of its catalogue, and uses a few of it. */
import type { Format } from '../types.ts'

/** @param compile must not fail: for definitions that were tested before they were shipped */
export function lazyFormat(name: string, compile: () => Format): Format {
  let compiled: Format | undefined
  const format = (): Format => (compiled ??= compile())
  return {
    name,
    encode: (request, target) => format().encode(request, target),
    get native() {
      return format().native
    },
    get embeddings() {
      return format().embeddings
    },
    get relays() {
      return format().relays
    },
    get modelList() {
      return format().modelList
    },
    traits: (model) => format().traits(model),
    get tokens() {
      return format().tokens
    },
    prefix: (model) => format().prefix(model),
    get fetchMedia() {
      return format().fetchMedia
    },
    get handsOn() {
      return format().handsOn
    },
    framing: (options) => format().framing(options),
    get streamsJson() {
      return format().streamsJson
    },
    get authorize() {
      return format().authorize
    },
    get follow() {
      return format().follow
    },
    decoder: (request) => format().decoder(request),
    decodeBody: (body, request) => format().decodeBody(body, request),
    decodeError: (answer, body) => format().decodeError(answer, body),
    signals: (answer, body, now) => format().signals(answer, body, now),
  }
}
