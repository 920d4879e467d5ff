/** The parts of an answer's content, and what is said at its end. */
import type { FinishReason } from '../../chat/delta.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import { argumentsOf, type Block } from '../inbound/blocks.ts'
import type { Media } from '../inbound/media.ts'
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
    case 'media':
      return block.media ? [mediaPart(block.media)] : []
    default:
      return [{ text: block.text }, ...(block.signature === undefined ? [] : [{ text: '', ...signed }])]
  }
}

/** Of what a vendor ran itself, code and what came of it alone have parts of their own. */
export function shows(media: Media): boolean {
  return media.kind !== 'tool' || media.step['type'] === 'code' || media.step['type'] === 'code_result'
}

function mediaPart(media: Media): WirePart {
  if (media.kind === 'tool') {
    const { type, language, code, outcome, output } = media.step
    if (type === 'code') return { executableCode: { language: language ?? 'LANGUAGE_UNSPECIFIED', code } }
    return { codeExecutionResult: { outcome: outcome ?? 'OUTCOME_UNSPECIFIED', output: output ?? '' } }
  }
  if ('url' in media) return { fileData: { mimeType: media.type, fileUri: media.url } }
  return { inlineData: { mimeType: media.type, data: media.data } }
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
