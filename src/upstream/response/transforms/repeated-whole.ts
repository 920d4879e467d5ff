/** Streams that tell each text and each call in pieces and then once more whole, or whole only: what is new of it goes on. */
import type { Delta, ToolCallDelta } from '../../../chat/delta.ts'
import { isMap } from '../../../definition/scope.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

/** What the definition emits at the end of a call: `whole`, all of its arguments. */
type RepeatedCall = ToolCallDelta & { whole?: unknown }

const TEXTS = ['text', 'reasoning', 'refusal'] as const

export const repeatedWhole: StreamTransformFactory = () => () => {
  /** Characters that were told of the text that is open. */
  const said = { text: 0, reasoning: 0, refusal: 0 }
  /** Fields of which something was told since the last item's end. */
  const ofItem = new Set<(typeof TEXTS)[number]>()
  /** By the vendor's index: characters that were told of a call's arguments. */
  const calls = new Map<number | undefined, number>()

  function takeCall(call: RepeatedCall): ToolCallDelta {
    const { whole, ...rest } = call
    const before = calls.get(rest.index) ?? 0
    if (typeof rest.arguments === 'string') calls.set(rest.index, before + rest.arguments.length)
    if (whole === undefined) return rest
    if (typeof whole !== 'string') return before === 0 ? { ...rest, arguments: whole } : rest
    calls.set(rest.index, Math.max(before, whole.length))
    return { ...rest, arguments: whole.slice(before) }
  }

  function take(delta: Delta): Delta {
    const { whole, item, ...out } = delta
    for (const field of TEXTS) {
      const of: unknown = isMap(item) ? item[`${field}s`] : undefined
      if (Array.isArray(of)) {
        const told = of.filter((part): part is string => typeof part === 'string').join('')
        if (!ofItem.has(field) && told !== '') out[field] = told
        ofItem.delete(field)
        said[field] = 0
        continue
      }
      const more = out[field]
      if (more !== undefined) {
        said[field] += more.length
        ofItem.add(field)
      }
      const all: unknown = isMap(whole) ? whole[field] : undefined
      if (typeof all !== 'string') continue
      if (all.length > said[field]) out[field] = all.slice(said[field])
      said[field] = 0
      ofItem.add(field)
    }
    if (out.tool_call) out.tool_call = takeCall(out.tool_call)
    return out
  }

  return {
    push: (deltas) => deltas.map(take),
    end: () => [],
    passes: () => true,
    pass: (text) => {
      said.text += text.length
      ofItem.add('text')
    },
  }
}
