/** The deltas of an answer that came whole: given once. */
import type { AnswerSink } from '../../chat/answer-source.ts'
import type { Delta } from '../../chat/delta.ts'
import { pipeInto } from '../../runtime/push-source.ts'
import type { UpstreamDeltas } from '../types.ts'

export class WholeDeltas implements UpstreamDeltas {
  readonly isTerminated = true
  private left: Delta[] | undefined

  constructor(deltas: Delta[]) {
    this.left = deltas
  }

  takeWhole(): Delta[] {
    const taken = this.left ?? []
    this.left = undefined
    return taken
  }

  async next(): Promise<IteratorResult<Delta[], undefined>> {
    return this.left ? { done: false, value: this.takeWhole() } : { done: true, value: undefined }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.left = undefined
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  pushTo(into: AnswerSink): void {
    if (this.left) pipeInto({ [Symbol.asyncIterator]: () => this }, into)
    else into.end()
  }
}
