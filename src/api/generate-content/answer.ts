import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { createBlockAnswer, type Block, type BlockAnswer } from '../inbound/blocks.ts'
import type { WholeAnswer } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { makeId } from '../http/request-id.ts'
import { logprobsResult } from './logprobs.ts'
import { finishReason, partsOf, shows, usageMetadata, type WirePart } from './parts.ts'

/** Adds an answer up to one response. */
/** @param model as the client named it */
export function createResponse(request: ChatRequest, model: string, tellLoss?: TellLoss): WholeAnswer {
  return new Response(request, model, tellLoss)
}

class Response implements WholeAnswer {
  private readonly parts: WirePart[] = []
  private readonly logprobs: unknown[] = []
  private readonly answer: BlockAnswer
  private readonly model: string
  private raw: string | undefined

  constructor(request: ChatRequest, model: string, tellLoss: TellLoss | undefined) {
    this.model = model
    const close = (block: Block): void => void this.parts.push(...partsOf(block))
    const piece = (_block: Block, _text: string, logprobs: unknown[] = []): void => void this.logprobs.push(...logprobs)
    this.answer = createBlockAnswer(request, { open: nothing, piece, close, shows }, tellLoss)
  }

  take(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.raw?.text !== undefined) this.raw = delta.raw.text
      else if (delta.raw === undefined) this.answer.take(delta)
    }
  }

  end(terminated: boolean): Record<string, unknown> | string {
    if (this.raw !== undefined) return this.raw
    const { finish, usage, head } = this.answer.end(terminated)
    return {
      candidates: [
        {
          content: { parts: this.parts, role: 'model' },
          finishReason: finishReason(finish),
          index: 0,
          logprobsResult: logprobsResult(this.logprobs),
        },
      ],
      usageMetadata: usageMetadata(usage),
      modelVersion: this.model,
      responseId: head.id ?? makeId('resp_'),
    }
  }
}

function nothing(): void {}
