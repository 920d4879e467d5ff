/** An answer on its way to the client: deltas, and for the usual read of a stream its text alone. */
import type { Delta, RawEvent } from './delta.ts'
import { pipeInto, type Sink, type Take } from '../runtime/push-source.ts'

export interface AnswerSink extends Sink<Delta[]> {
  /**
   * Says the same as `take` with one delta of this text, and the event that told it, and nothing else.
   * @param literal in JSON, without escapes
   * @param event the upstream's, for a client of the same API
   */
  takeText(literal: string, event?: RawEvent): Promise<void> | undefined
}

export interface AnswerSource extends AsyncIterable<Delta[]> {
  pushTo(into: AnswerSink): void
}

export function pipeAnswer(answer: AsyncIterable<Delta[]>, into: AnswerSink): void {
  if (isPushSource(answer)) answer.pushTo(into)
  else pipeInto(answer, into)
}

/** Resolves at the end; rejects with the answer's fault, or with what `take` threw. */
export function pipeDeltas(answer: AsyncIterable<Delta[]>, take: Take<Delta[]>): Promise<void> {
  return new Promise((resolve, reject) => {
    const takeText: AnswerSink['takeText'] = (literal, event) => take([textDelta(literal, event)])
    pipeAnswer(answer, { take, takeText, end: resolve, fail: reject })
  })
}

export function textDelta(literal: string, event: RawEvent | undefined): Delta {
  return event === undefined ? { text: textOf(literal) } : { text: textOf(literal), raw: event }
}

/** The text of a literal without escapes. */
export function textOf(literal: string): string {
  return literal.slice(1, -1)
}

/** Deltas are piped into nothing less than an answer's sink, so that its shape says it all. */
function isPushSource(answer: AsyncIterable<Delta[]>): answer is AnswerSource {
  return 'pushTo' in answer
}
