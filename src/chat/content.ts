/** Is there anything in a delta that a client would show or use? The first such delta commits the answer. */
import type { Delta } from './delta.ts'

export function hasContent(delta: Delta): boolean {
  if (delta.text || delta.reasoning || delta.refusal || delta.tool_call) return true
  if (delta.images || delta.audio || delta.server_tools || delta.other !== undefined) return true
  if (delta.reasoning_state?.data !== undefined) return true
  return delta.chunk !== undefined && chunkHasContent(delta.chunk)
}

/** Does it bring the answer on: content, its end, or what it cost? Signs of life and empty pieces do not. */
export function isProgress(delta: Delta): boolean {
  if (delta.error || delta.finish_reason !== undefined || delta.usage !== undefined) return true
  return hasContent(delta) || explainsEmptiness(delta)
}

/** An ending that explains why there is nothing: a filter, or the token limit. */
export function explainsEmptiness(delta: Delta): boolean {
  if (delta.finish_reason !== undefined && delta.finish_reason !== 'stop') return true
  return choicesOf(delta.chunk).some((choice) => {
    const reason = choice['finish_reason']
    return typeof reason === 'string' && reason !== '' && reason !== 'stop'
  })
}

const SPEAKING = [
  'content',
  'reasoning_content',
  'reasoning',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
  'images',
  'text',
]

/** The vendor would not answer this, or not on: as an ending, beside errors of kind `content_policy`. */
export function isContentRefusal(delta: Delta): boolean {
  if (delta.finish_reason === 'content_filter') return true
  return choicesOf(delta.chunk).some((choice) => choice['finish_reason'] === 'content_filter')
}

function chunkHasContent(chunk: Record<string, unknown>): boolean {
  return choicesOf(chunk).some((choice) => {
    if (isSomething(choice['text'])) return true
    const said = choice['delta'] ?? choice['message']
    if (Array.isArray(choice['messages'])) return choice['messages'].length > 0
    if (typeof said !== 'object' || said === null) return false
    return (
      SPEAKING.some((key) => isSomething((said as Record<string, unknown>)[key])) ||
      isSomething(Reflect.get(said, 'reasoning_details'))
    )
  })
}

function choicesOf(chunk: Record<string, unknown> | undefined): Record<string, unknown>[] {
  const choices = chunk?.['choices']
  return Array.isArray(choices) ? choices.filter((choice) => typeof choice === 'object' && choice !== null) : []
}

function isSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return !(Array.isArray(value) && value.length === 0)
}
