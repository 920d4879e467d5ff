import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { createBlockAnswer, type Block, type BlockAnswer, type BlockSink } from '../inbound/blocks.ts'
import type { WholeAnswer } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { callOf, endOf, lineOf, pictureIn, shows, type Line, type LineMeta, type Said } from './lines.ts'

/** Adds an answer up to one object. @param passes the answer of an upstream that speaks this API goes on as it came */
export function createLineAnswer(
  request: ChatRequest,
  meta: LineMeta,
  passes: boolean,
  tellLoss?: TellLoss,
): WholeAnswer {
  return new LineAnswer(request, meta, passes, tellLoss)
}

class LineAnswer implements WholeAnswer, BlockSink {
  private readonly answer: BlockAnswer
  private readonly meta: LineMeta
  private readonly passes: boolean
  readonly shows = shows
  private readonly said: Said = {}
  private readonly logprobs: unknown[] = []
  private first: number | undefined
  private raw: string | undefined

  constructor(request: ChatRequest, meta: LineMeta, passes: boolean, tellLoss: TellLoss | undefined) {
    this.meta = meta
    this.passes = passes
    this.answer = createBlockAnswer(request, this, tellLoss)
  }

  take(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (!this.passes || delta.raw === undefined) this.answer.take(delta)
      else if (delta.raw?.text !== undefined) this.raw = delta.raw.text
    }
  }

  end(terminated: boolean): Line | string {
    if (this.raw !== undefined) return this.raw
    const { finish, usage } = this.answer.end(terminated)
    const logprobs = this.logprobs.length > 0 ? { logprobs: this.logprobs } : {}
    return lineOf(this.meta, this.said, { ...endOf(this.meta, finish, usage, this.first), ...logprobs })
  }

  open(): void {
    this.first ??= this.meta.now()
  }

  piece(_block: Block, _text: string, logprobs?: unknown[]): void {
    if (logprobs !== undefined) this.logprobs.push(...logprobs)
  }

  close(block: Block): void {
    const { said } = this
    if (block.type === 'reasoning') said.thinking = (said.thinking ?? '') + block.text
    else if (block.type === 'text' || block.type === 'refusal') said.content = (said.content ?? '') + block.text
    else if (block.type === 'media') said.images = [...(said.images ?? []), ...pictureIn(block)]
    else if (block.type !== 'encrypted') (said.tool_calls ??= []).push(callOf(block, said.tool_calls.length))
  }
}
