/** The parts of an answer's content, and what is said at its end. */
import type { FinishReason } from '../../chat/delta.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import { argumentsOf, type Block } from '../inbound/blocks.ts'
import { encryptedState } from './thought-state.ts'

export type WirePart = Record<string, unknown>

/** The whole block; a text has its opaque state in a part of its own behind it. */
export function partsOf(block: Block): WirePart[] {
  const signed = block.signature === undefined ? {} : { thoughtSignature: block.signature }
  switch (block.type) {
    case 'reasoning':
      return [{ text: block.text, thought: true, ...signed }]
    case 'encrypted':
      return [{ text: '', thought: true, thoughtSignature: encryptedState(block.text) }]
    case 'call':
      return [{ functionCall: { id: block.id, name: block.name, args: argumentsOf(block) }, ...signed }]
    case 'custom':
      return [{ functionCall: { id: block.id, name: block.name, args: { input: block.text } }, ...signed }]
    default:
      return [{ text: block.text }, ...(block.signature === undefined ? [] : [{ text: '', ...signed }])]
  }
}

const REASONS: Record<FinishReason, string> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  function_call: 'STOP',
  content_filter: 'SAFETY',
}

export function finishReason(finish: FinishReason): string {
  return REASONS[finish]
}

/** This API counts thoughts beside the answer, not within. */
export function usageMetadata(usage: WireUsage | undefined): Record<string, unknown> | undefined {
  if (usage === undefined) return undefined
  const { prompt_tokens: prompt, completion_tokens: completion } = usage
  const cached = count(usage.prompt_tokens_details?.['cached_tokens'])
  const thoughts = Math.min(completion, count(usage.completion_tokens_details?.['reasoning_tokens']))
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completion - thoughts,
    totalTokenCount: prompt + completion,
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    ...(cached > 0 && { cachedContentTokenCount: cached }),
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
