/** Calls of tools whose names were made to fit the vendor get the client's own names back. */
import type { ChatRequest } from '../../chat/request.ts'
import type { Delta } from '../../chat/delta.ts'
import type { StreamDecoder } from '../types.ts'
import { clientNames } from '../request/transforms/tool-names.ts'

export function withClientNames(decoder: StreamDecoder, request: ChatRequest): StreamDecoder {
  const names = clientNames(request)
  if (!names) return decoder
  return {
    decode(event, out) {
      const first = out.length
      const done = decoder.decode(event, out)
      nameBack(out, first, names)
      return done
    },
    end(out) {
      const first = out.length
      decoder.end(out)
      nameBack(out, first, names)
    },
  }
}

export function withClientNamesIn(deltas: Delta[], request: ChatRequest): Delta[] {
  const names = clientNames(request)
  if (names) nameBack(deltas, 0, names)
  return deltas
}

function nameBack(deltas: Delta[], first: number, names: ReadonlyMap<string, string>): void {
  for (const { tool_call: call } of deltas.slice(first)) {
    if (call?.name !== undefined) call.name = names.get(call.name) ?? call.name
  }
}
