/** The content blocks of a message, and what is said at its end. */
import type { FinishReason } from '../../chat/delta.ts'
import { argumentsOf, type Block } from '../inbound/blocks.ts'
import { signedId } from '../inbound/call-id-signature.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'

/** A block as it begins in a stream: what deltas bring is still empty. */
export function startOf(block: Block): Record<string, unknown> {
  switch (block.type) {
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'encrypted':
      return { type: 'redacted_thinking', data: block.text }
    case 'call':
    case 'custom':
      return { type: 'tool_use', id: signedId(block.id ?? '', block.signature), name: block.name ?? '', input: {} }
    default:
      return { type: 'text', text: '' }
  }
}

/** The whole block. */
export function wholeOf(block: Block): Record<string, unknown> {
  const start = startOf(block)
  switch (block.type) {
    case 'reasoning':
      return { ...start, thinking: block.text, signature: block.signature ?? '' }
    case 'encrypted':
      return start
    case 'call':
      return { ...start, input: argumentsOf(block) }
    case 'custom':
      return { ...start, input: { input: block.text } }
    default:
      // no `citations: null`, which the reference has and the vendor does not send: there are SDKs that refuse it
      return { ...start, text: block.text }
  }
}

const REASONS: Record<FinishReason, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

export function stopReason(finish: FinishReason): string {
  return REASONS[finish]
}

/** This API counts cached tokens beside the input, not within. */
export function wireUsage(usage: WireUsage | undefined): Record<string, unknown> {
  const details = usage?.prompt_tokens_details ?? {}
  const input = usage?.prompt_tokens ?? 0
  const read = Math.min(input, count(details['cached_tokens']))
  // some count what they wrote among what they read
  const written = Math.min(input - read, count(details['cache_write_tokens']))
  return {
    input_tokens: input - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: usage?.completion_tokens ?? 0,
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
