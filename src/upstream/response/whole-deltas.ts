/** The deltas of an answer that came whole: given once. */
import type { AnswerSink } from '../../chat/answer-flow.ts'
import type { Delta } from '../../chat/delta.ts'
import { pourInto } from '../../runtime/flow.ts'
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

  pour(into: AnswerSink): void {
    if (this.left) pourInto({ [Symbol.asyncIterator]: () => this }, into)
    else into.end()
  }
}
