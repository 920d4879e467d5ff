/** What the word means by which an upstream says why its answer ended. */
import type { DeltaError, FinishReason } from './delta.ts'

/** `error`: the answer failed, whatever was said before. */
export type Finish = FinishReason | 'error'

export const FINISH_REASONS: ReadonlySet<string> = new Set([
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'function_call',
])

/**
 * Words that vendors made up, by what stands in them; the first that fits decides. An answer that failed may name a filter
 * or a limit beside (`function_call_filter: MALFORMED_FUNCTION_CALL`), a cut one the word for its end (`incomplete`).
 */
const MEANINGS: readonly [Finish, RegExp][] = [
  ['error', /error|fail|malformed|invalid|unexpected|missing|too_?many|time_?out|no_?image|no_?audio|crash|overload/],
  ['stop', /^(eos|eot|end|stop)([ _-]?(of[ _-]\w+|tokens?|turn|sequences?|words?|strings?|texts?|id|criteria))?$/],
  [
    'content_filter',
    /filter|safety|block|prohibit|recitation|refus|sensitive|policy|moderat|guardrail|violat|copyright|spii|censor/,
  ],
  [
    'length',
    /length|token|limit|max|incomplete|trunc|abort|cancel|interrupt|budget|window|exceed|continu|repetition|preempt|unspecified|unknown|other/,
  ],
  ['tool_calls', /tool|function/],
  [
    'stop',
    /(^|[^a-z])(stop|stopped|end|ended|eos|eot|complete|completed|done|finish|finished|success|pause_turn)([^a-z]|$)/,
  ],
]

/**
 * OpenAI's word for an upstream's, or `error`. One that says nothing to us is `length`: a client then knows that the answer
 * may lack its end, which is true of every reason that is not a stop.
 */
export function finishOf(word: string | number): Finish {
  const plain = String(word).toLowerCase()
  if (FINISH_REASONS.has(plain)) return plain as FinishReason
  return MEANINGS.find(([, pattern]) => pattern.test(plain))?.[0] ?? 'length'
}

/** Said on the way by servers that write what they do not know as a word. */
const NO_REASON: ReadonlySet<string> = new Set(['', 'null', 'none'])

/** Whether a word is a reason to end at all. */
export function isReason(word: unknown): word is string | number {
  return typeof word === 'number' || (typeof word === 'string' && !NO_REASON.has(word.toLowerCase()))
}

/** The fault of an answer whose reason to end is a failure. @param why the vendor's own sentence */
export function failedAnswer(word: string, why?: string): DeltaError {
  const detail = why ? `: ${why.slice(0, 1000)}` : ', which it did not explain.'
  const reason = word.toLowerCase() === 'error' && !why ? 'an unexplained error.' : `${word.slice(0, 100)}${detail}`
  return { message: `The upstream ended its answer with ${reason}`, kind: 'failed_answer' }
}
