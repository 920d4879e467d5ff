/** Streams whose events repeat all that was said so far: only what is new goes on. */
import type { Delta, ToolCallDelta } from '../../../chat/delta.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

interface Difference {
  /** The new text of an event; nothing while it cannot be told yet. */
  push(text: string): string
  /** What was held back. */
  end(): string
}

type Field = 'text' | 'reasoning' | 'arguments'

/** Option `sure`: the vendor always repeats; else the stream itself shows whether it does. */
export const prefixDifference: StreamTransformFactory = (options) => () => {
  const differences = new Map<string, { difference: Difference; give: (text: string) => Delta }>()

  function difference(key: string, give: (text: string) => Delta): Difference {
    const known = differences.get(key)
    if (known) return known.difference
    const made = options['sure'] === true ? createSure() : createGuess()
    differences.set(key, { difference: made, give })
    return made
  }

  function take(delta: Delta): Delta {
    const choice = delta.choice ?? 0
    const out: Delta = { ...delta }
    for (const field of ['text', 'reasoning'] as const satisfies Field[]) {
      const said = delta[field]
      if (said !== undefined)
        out[field] = difference(`${choice} ${field}`, (text) => ({ choice, [field]: text })).push(said)
    }
    const call = delta.tool_call
    if (typeof call?.arguments !== 'string') return out
    const { index } = call
    const give = (text: string): Delta => ({ choice, tool_call: { index, arguments: text } })
    const told: ToolCallDelta = { ...call, arguments: difference(`${choice} call ${index}`, give).push(call.arguments) }
    return { ...out, tool_call: told }
  }

  return {
    push: (deltas) => deltas.map(take),
    end: () =>
      [...differences.values()].flatMap(({ difference: each, give }) => {
        const rest = each.end()
        return rest === '' ? [] : [give(rest)]
      }),
  }
}

function createSure(): Difference {
  let said = ''
  return {
    push(text) {
      const more = text.startsWith(said) ? text.slice(said.length) : text
      said = text.startsWith(said) ? text : said + text
      return more
    },
    end: () => '',
  }
}

/**
 * An event that does not begin with all that was said shows a plain stream; two in a row that do, each longer than the
 * one before, show one that repeats. Between the two the text is held back.
 */
function createGuess(): Difference {
  let mode: 'open' | 'plain' | 'repeats' = 'open'
  let said = ''
  let held: string | undefined
  const sure = createSure()

  return {
    push(text) {
      if (mode === 'plain') return text
      if (mode === 'repeats') return sure.push(text)
      if (said === '') {
        said = text
        return text
      }
      const before = held ?? said
      if (text.startsWith(before) && (text.length > before.length || held !== undefined)) {
        if (held === undefined) {
          held = text
          return ''
        }
        mode = 'repeats'
        sure.push(said)
        return sure.push(text)
      }
      mode = 'plain'
      return (held ?? '') + text
    },
    end() {
      const rest = held === undefined || mode !== 'open' ? '' : held.slice(said.length)
      held = undefined
      return rest
    },
  }
}
