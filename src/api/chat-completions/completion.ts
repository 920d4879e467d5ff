import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { makeId } from '../id.ts'
import { createMessage, type MessageFold } from './answer/message.ts'
import { createAnswerFold } from './answer/fold.ts'
import type { AnswerMeta } from './chunks.ts'

/** Adds an answer up to OpenAI's `chat.completion`. */
export interface CompletionFold {
  /** Throws the GatewayError that the upstream reported inside its answer. */
  take(deltas: readonly Delta[]): void
  /** The body. Throws a GatewayError when the answer stopped before its end. */
  end(terminated: boolean): Record<string, unknown>
}

export function createCompletion(
  request: Pick<ChatRequest, 'legacy_functions' | 'body'>,
  meta: AnswerMeta,
): CompletionFold {
  const messages: MessageFold[] = []
  const fold = createAnswerFold(request, (index, delta, logprobs) => {
    const message = (messages[index] ??= createMessage())
    message.add(delta, logprobs)
  })

  return {
    take(deltas) {
      for (const delta of deltas) fold.take(delta)
    },
    end(terminated) {
      const choices = fold.end(terminated).map(({ index, finish_reason, beside }) => {
        const message = messages[index] ?? createMessage()
        return { index, message: message.wire(), logprobs: message.logprobs(), finish_reason, ...beside }
      })
      const { id, created, service_tier, system_fingerprint, extra } = fold.head
      return {
        id: id ?? makeId('chatcmpl-'),
        object: 'chat.completion',
        created: created ?? meta.created,
        model: meta.model,
        choices,
        usage: fold.usage(),
        service_tier,
        system_fingerprint,
        ...extra,
      }
    },
  }
}
