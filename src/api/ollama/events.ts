import type { Delta, RawEvent } from '../../chat/delta.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { textDelta } from '../../chat/answer-source.ts'
import { createBlockAnswer, type Block, type BlockAnswer, type BlockSink } from '../inbound/blocks.ts'
import { endingError } from '../inbound/ending-error.ts'
import type { AnswerWriter, StreamStyle } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { errorOf } from './errors.ts'
import { callOf, endOf, lineOf, pictureIn, shows, type LineMeta, type Said } from './lines.ts'

const MORE = { done: false }

/** JSON, one object a line. An empty line would break clients that read each as JSON; one that says nothing does not. */
export function lineStyle(meta: LineMeta): StreamStyle {
  return { contentType: 'application/x-ndjson', heartbeat: `${JSON.stringify(lineOf(meta, {}, MORE))}\n` }
}

/** @param passes lines of an upstream that speaks this API go on as they came */
export function createLineWriter(
  request: ChatRequest,
  meta: LineMeta,
  passes: boolean,
  tellLoss?: TellLoss,
): AnswerWriter {
  return new LineWriter(request, meta, passes, tellLoss)
}

/** Each piece is a line, calls are told whole, and the last line is empty but for the end. */
class LineWriter implements AnswerWriter, BlockSink {
  private readonly answer: BlockAnswer
  private readonly meta: LineMeta
  private readonly passes: boolean
  readonly shows = shows
  private out = ''
  private ended: GatewayError | undefined
  /** The answer is told by the upstream's own lines alone, and they have said that it is over. */
  private isRaw = false
  private isRawEnd = false
  private calls = 0
  private first: number | undefined

  constructor(request: ChatRequest, meta: LineMeta, passes: boolean, tellLoss: TellLoss | undefined) {
    this.meta = meta
    this.passes = passes
    this.answer = createBlockAnswer(request, this, tellLoss)
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) {
        if (this.passes && delta.raw !== undefined) this.pass(delta.raw, delta)
        else {
          this.isRaw = false
          this.answer.take(delta)
        }
      }
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  writeText(literal: string, event: RawEvent | undefined): string {
    return this.write([textDelta(literal, event)])
  }

  end(terminated: boolean): string {
    if (this.ended !== undefined || this.isRawEnd) return this.flush()
    try {
      if (this.isRaw) throw new GatewayError('broken_stream', 'The upstream ended its answer before its last line.')
      const { finish, usage } = this.answer.end(terminated)
      this.emit({}, endOf(this.meta, finish, usage, this.first))
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    return `${this.flush()}${JSON.stringify(errorOf(error))}\n`
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  open(): void {
    this.first ??= this.meta.now()
  }

  piece(block: Block, text: string, logprobs?: unknown[]): void {
    const rest = logprobs === undefined ? MORE : { ...MORE, logprobs }
    if (block.type === 'text' || block.type === 'refusal') this.emit({ content: text }, rest)
    else if (block.type === 'reasoning') this.emit({ thinking: text }, MORE)
  }

  close(block: Block): void {
    if (block.type === 'media') this.emit({ images: pictureIn(block) }, MORE)
    else if (block.type === 'call' || block.type === 'custom')
      this.emit({ tool_calls: [callOf(block, this.calls++)] }, MORE)
  }

  private pass(event: RawEvent | null, { finish_reason: finish }: Delta): void {
    this.isRaw = true
    if (finish !== undefined) this.isRawEnd = true
    if (event !== null) this.out += `${event.text ?? JSON.stringify(event.value)}\n`
  }

  private emit(said: Said, rest: Record<string, unknown>): void {
    this.out += `${JSON.stringify(lineOf(this.meta, said, rest))}\n`
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}
