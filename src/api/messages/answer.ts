import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { createBlockAnswer, type Block, type BlockAnswer } from '../inbound/blocks.ts'
import type { WholeAnswer } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { makeId } from '../http/request-id.ts'
import { stopReason, wholeOf, wireUsage } from './blocks.ts'

/** Adds an answer up to a message. */
/** @param model as the client named it */
export function createMessage(request: ChatRequest, model: string, tellLoss: TellLoss): WholeAnswer {
  return new Message(request, model, tellLoss)
}

class Message implements WholeAnswer {
  private readonly content: Record<string, unknown>[] = []
  private readonly answer: BlockAnswer
  private readonly model: string
  private raw: string | undefined

  constructor(request: ChatRequest, model: string, tellLoss: TellLoss) {
    this.model = model
    const close = (block: Block): void => void this.content.push(wholeOf(block))
    this.answer = createBlockAnswer(request, { open: nothing, piece: nothing, close }, tellLoss)
  }

  take(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.raw?.text !== undefined) this.raw = delta.raw.text
      else if (delta.raw === undefined) this.answer.take(delta)
    }
  }

  end(terminated: boolean): Record<string, unknown> | string {
    if (this.raw !== undefined) return this.raw
    const { finish, usage } = this.answer.end(terminated)
    return {
      id: makeId('msg_'),
      type: 'message',
      role: 'assistant',
      model: this.model,
      content: this.content,
      stop_reason: stopReason(finish),
      stop_sequence: null,
      usage: wireUsage(usage),
    }
  }
}

function nothing(): void {}
