import type { FinishReason } from '../../../chat/delta.ts'
import { finishOf, isReason, type Finish } from '../../../chat/finish-reason.ts'

/** OpenAI's word for an upstream's, or `error`; a format's own table has come before. */
export function finishWord(word: unknown): Finish | undefined {
  return isReason(word) ? finishOf(word) : undefined
}

/** Upstreams repeat themselves: the last word counts, but a real reason beats a plain `stop`. */
export function laterFinish(before: FinishReason | undefined, now: FinishReason): FinishReason {
  return before !== undefined && now === 'stop' ? before : now
}

/**
 * What the client is told at the end of a choice. Servers that say `stop` after a tool call would leave a client waiting
 * for nothing, and `tool_calls` without a call would make it loop.
 */
export function finalFinish(said: FinishReason, calls: number, legacyFunctions: boolean): FinishReason {
  const isPlain = said === 'stop' || said === 'tool_calls' || said === 'function_call'
  if (!isPlain) return said
  if (calls === 0) return 'stop'
  return legacyFunctions ? 'function_call' : 'tool_calls'
}
