import type { GatewayError } from '../../chat/error.ts'
import { errorBody } from '../../chat/error.ts'
import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { makeId } from '../id.ts'
import { asGatewayError } from './answer/ending-error.ts'
import { createAnswerFold } from './answer/fold.ts'
import { plainText } from './answer/plain-text.ts'
import type { WireDelta, WireLogprobs } from './answer/wire.ts'

/** What an answer says of itself that its deltas may leave open. */
export interface AnswerMeta {
  /** The name that the client asked for. */
  model: string
  /** Seconds since the epoch, where the upstream tells no time. */
  created: number
}

/** Writes an answer as OpenAI's stream of `chat.completion.chunk` events; the text is ready for the socket. */
export interface ChunkWriter {
  /** The events of one network read; after a fault the error event, and nothing from then on. */
  write(deltas: readonly Delta[]): string
  /** The last events: what was held back, one finish for each choice, usage if asked for, `[DONE]`. */
  end(terminated: boolean): string
  /** An error event, the last of the stream. */
  fail(error: GatewayError): string
  /** The fault that ended the stream, if one did. */
  fault(): GatewayError | undefined
}

export type StreamRequest = Pick<ChatRequest, 'include_usage' | 'legacy_functions' | 'body'>

const DONE = 'data: [DONE]\n\n'

export function createChunkWriter(request: StreamRequest, meta: AnswerMeta): ChunkWriter {
  const fold = createAnswerFold(request, tell)
  const usageNull = request.include_usage ? ',"usage":null' : ''
  const tail = `,"logprobs":null,"finish_reason":null}]${usageNull}}\n\n`
  let out = ''
  let fault: GatewayError | undefined
  /** Everything before `"choices"`, and the head of a text delta of the first choice: made anew when a field changes. */
  let head = ''
  let textHead = ''
  let isStale = true

  function freshHead(): string {
    if (!isStale) return head
    const { system_fingerprint, service_tier } = fold.head
    const fields = {
      id: (fold.head.id ??= makeId('chatcmpl-')),
      object: 'chat.completion.chunk',
      created: (fold.head.created ??= meta.created),
      model: meta.model,
      service_tier,
      system_fingerprint,
    }
    head = `data: ${JSON.stringify(fields).slice(0, -1)},`
    textHead = `${head}"choices":[{"index":0,"delta":{"content":`
    isStale = false
    return head
  }

  function tell(index: number, delta: WireDelta, logprobs?: WireLogprobs): void {
    const body = `"choices":[{"index":${index},"delta":${JSON.stringify(delta)}`
    if (logprobs === undefined) out += freshHead() + body + tail
    else out += `${freshHead()}${body},"logprobs":${JSON.stringify(logprobs)},"finish_reason":null}]${usageNull}}\n\n`
  }

  function take(delta: Delta): void {
    const text = fold.plain(0) ? plainText(delta) : undefined
    if (text !== undefined && !isStale) out += `${textHead}${JSON.stringify(text)}}${tail}`
    else if (fold.take(delta)) isStale = true
  }

  function flush(): string {
    const text = out
    out = ''
    return text
  }

  function fail(error: GatewayError): string {
    if (fault !== undefined) return ''
    fault = error
    return `${flush()}data: ${JSON.stringify(errorBody(error))}\n\n`
  }

  return {
    write(deltas) {
      if (fault !== undefined) return ''
      try {
        for (const delta of deltas) take(delta)
      } catch (error) {
        return fail(asGatewayError(error))
      }
      return flush()
    },
    end(terminated) {
      if (fault !== undefined) return ''
      try {
        const endings = fold.end(terminated)
        for (const [position, { index, finish_reason, beside }] of endings.entries()) {
          const extra = position === endings.length - 1 ? fields(fold.head.extra) : ''
          const choice = `"choices":[{"index":${index},"delta":{},"logprobs":null,"finish_reason":"${finish_reason}"${fields(beside)}}]`
          out += `${freshHead()}${choice}${usageNull}${extra}}\n\n`
        }
      } catch (error) {
        return fail(asGatewayError(error))
      }
      const usage = request.include_usage ? fold.usage() : undefined
      if (usage !== undefined) out += `${freshHead()}"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
      return flush() + DONE
    },
    fail,
    fault: () => fault,
  }
}

/** Further top-level fields as text: a comma before each, nothing for none. */
function fields(extra: Record<string, unknown>): string {
  const text = JSON.stringify(extra).slice(1, -1)
  return text === '' ? '' : `,${text}`
}
