import type { FinishReason } from '../../../chat/delta.ts'

/** Words of OpenAI-like servers that are not OpenAI's; a format's own table has come before. */
const WORDS = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['function_call', 'function_call'],
  ['max_tokens', 'length'],
  ['max_length', 'length'],
  ['model_length', 'length'],
  ['tool_use', 'tool_calls'],
  ['sensitive', 'content_filter'],
  ['safety', 'content_filter'],
  ['refusal', 'content_filter'],
])

/** OpenAI's word for an upstream's; an unknown one is a normal end, because clients know a closed set. */
export function finishWord(word: unknown): FinishReason | undefined {
  if (typeof word !== 'string' || word === '') return undefined
  return WORDS.get(word.toLowerCase()) ?? 'stop'
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
