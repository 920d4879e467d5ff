/** Calls of tools whose names were made to fit the vendor get the client's own names back. */
import type { ChatRequest } from '../../chat/request.ts'
import type { Delta } from '../../chat/delta.ts'
import { isMap } from '../../definition/scope.ts'
import type { StreamDecoder } from '../types.ts'
import { clientNames, type FitName } from '../request/transforms/tool-names.ts'
import { wireWithNames } from '../request/transforms/tool-names-in-wire.ts'

export function withClientNames(decoder: StreamDecoder, request: ChatRequest, fit: FitName): StreamDecoder {
  const names = clientNames(request, fit)
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

export function withClientNamesIn(deltas: Delta[], request: ChatRequest, fit: FitName): Delta[] {
  const names = clientNames(request, fit)
  if (names) nameBack(deltas, 0, names)
  return deltas
}

function nameBack(deltas: Delta[], first: number, names: ReadonlyMap<string, string>): void {
  const back = (name: string): string => names.get(name) ?? name
  for (const delta of deltas.slice(first)) {
    const { tool_call: call, chunk } = delta
    if (call?.name !== undefined) call.name = back(call.name)
    const choices = chunk?.['choices']
    if (Array.isArray(choices)) delta.chunk = { ...chunk, choices: choices.map((choice) => inChoice(choice, back)) }
  }
}

function inChoice(choice: unknown, back: (name: string) => string): unknown {
  if (!isMap(choice)) return choice
  const key = isMap(choice['delta']) ? 'delta' : 'message'
  const said = choice[key]
  return isMap(said) ? { ...choice, [key]: wireWithNames(said, back) } : choice
}
