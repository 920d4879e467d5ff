import type { Delta } from '../../../chat/delta.ts'
import type { ChatRequest } from '../../../chat/request.ts'
import { makeId } from '../../http/request-id.ts'
import type { AnswerHead } from './upstream-chunk/chunk-head.ts'
import { createAnswerFold, type AnswerFold } from './fold.ts'
import { createMessage, type MessageFold } from './message.ts'
import { plainAnswer, type PlainAnswer } from './plain-completion.ts'
import type { WireUsage } from './wire-types.ts'
import type { AnswerMeta } from './chunks.ts'

/** Adds an answer up to OpenAI's `chat.completion`. */
export interface CompletionFold {
  /** Throws the GatewayError that the upstream reported inside its answer. */
  take(deltas: readonly Delta[]): void
  /** The body. Throws a GatewayError when the answer stopped before its end. */
  end(terminated: boolean): Record<string, unknown>
}

type CompletedRequest = Pick<ChatRequest, 'legacy_functions' | 'body'>

export function createCompletion(request: CompletedRequest, meta: AnswerMeta): CompletionFold {
  return new Completion(request, meta)
}

class Completion implements CompletionFold {
  private readonly request: CompletedRequest
  private readonly meta: AnswerMeta
  private readonly messages: MessageFold[] = []
  /** What came first, and alone as yet, when it is plain. */
  private first: readonly Delta[] | undefined
  private plain: PlainAnswer | undefined
  private fold: AnswerFold | undefined

  constructor(request: CompletedRequest, meta: AnswerMeta) {
    this.request = request
    this.meta = meta
  }

  take(deltas: readonly Delta[]): void {
    if (this.fold === undefined && this.first === undefined) {
      this.plain = plainAnswer(deltas)
      if (this.plain !== undefined) {
        this.first = deltas
        return
      }
    }
    const fold = this.folding()
    for (const delta of deltas) fold.take(delta)
  }

  end(terminated: boolean): Record<string, unknown> {
    const { plain } = this
    if (plain !== undefined && this.fold === undefined && terminated) {
      const message = { role: 'assistant', content: plain.text, refusal: null, annotations: [] }
      return this.body([{ index: 0, message, logprobs: null, finish_reason: plain.finish }], plain.head, plain.usage())
    }
    const fold = this.folding()
    const choices = fold.end(terminated).map(({ index, finish_reason, beside }) => {
      const message = this.messages[index] ?? createMessage()
      return { index, message: message.wire(), logprobs: message.logprobs(), finish_reason, ...beside }
    })
    return this.body(choices, fold.head, fold.usage())
  }

  private folding(): AnswerFold {
    if (this.fold !== undefined) return this.fold
    this.fold = createAnswerFold(this.request, (index, delta, logprobs) => {
      const message = (this.messages[index] ??= createMessage())
      message.add(delta, logprobs)
    })
    for (const delta of this.first ?? []) this.fold.take(delta)
    return this.fold
  }

  private body(choices: unknown[], head: AnswerHead, usage: WireUsage | undefined): Record<string, unknown> {
    const { id, created, service_tier, system_fingerprint, extra } = head
    return {
      id: id ?? makeId('chatcmpl-'),
      object: 'chat.completion',
      created: created ?? this.meta.created,
      model: this.meta.model,
      choices,
      usage,
      service_tier,
      system_fingerprint,
      ...extra,
    }
  }
}
