import type { GatewayError } from '../../../chat/error.ts'
import { errorBody } from '../../../chat/error.ts'
import { textOf } from '../../../chat/answer-source.ts'
import type { Delta } from '../../../chat/delta.ts'
import type { ChatRequest } from '../../../chat/request.ts'
import { makeId } from '../../http/request-id.ts'
import { endingError } from '../../inbound/ending-error.ts'
import type { AnswerWriter } from '../../inbound/inbound-api.ts'
import { createAnswerFold, type AnswerFold } from './fold.ts'
import { plainText } from './plain-text.ts'
import type { WireDelta, WireLogprobs } from './wire-types.ts'

/** What an answer says of itself that its deltas may leave open. */
export interface AnswerMeta {
  /** The name that the client asked for. */
  model: string
  /** Seconds since the epoch, where the upstream tells no time. */
  created: number
}

export type StreamRequest = Pick<ChatRequest, 'include_usage' | 'legacy_functions' | 'body'>

const DONE = 'data: [DONE]\n\n'

/**
 * Writes an answer as OpenAI's stream of `chat.completion.chunk` events. Its end: what was held back, one finish for each
 * choice, usage if asked for, `[DONE]`.
 */
export function createChunkWriter(request: StreamRequest, meta: AnswerMeta): AnswerWriter {
  return new Writer(request, meta)
}

/** A class: few objects a stream, and few touched a chunk. */
class Writer implements AnswerWriter {
  /** The first choice may be told text without further ado, between these two. */
  private isPlain = false
  private textHead = ''
  private readonly textTail: string
  private ended: GatewayError | undefined
  private out = ''
  /** Everything before `"choices"`: made anew, as is `textHead`, when a field changes. */
  private head = ''
  private isStale = true
  private readonly tail: string
  private readonly usageNull: string
  private readonly fold: AnswerFold
  private readonly request: StreamRequest
  private readonly meta: AnswerMeta

  constructor(request: StreamRequest, meta: AnswerMeta) {
    this.request = request
    this.meta = meta
    this.usageNull = request.include_usage ? ',"usage":null' : ''
    this.tail = `,"logprobs":null,"finish_reason":null}]${this.usageNull}}\n\n`
    this.textTail = `}${this.tail}`
    this.fold = createAnswerFold(request, (index, delta, logprobs) => this.emit(index, delta, logprobs))
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) this.take(delta)
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  writeText(literal: string): string {
    if (!this.isPlain) return this.write([{ text: textOf(literal) }])
    return `${this.textHead}${literal}${this.textTail}`
  }

  end(terminated: boolean): string {
    if (this.ended !== undefined) return ''
    const { fold, request, usageNull } = this
    const usage = fold.usage()
    try {
      const endings = fold.end(terminated)
      for (const [position, { index, finish_reason, beside }] of endings.entries()) {
        const isLast = position === endings.length - 1
        // who did not ask for usage may stumble over a chunk without choices; beside the end it hurts nobody
        const told = isLast && !request.include_usage && usage !== undefined ? { usage } : {}
        const extra = isLast ? fields({ ...fold.head.extra, ...told }) : ''
        const choice = `"choices":[{"index":${index},"delta":{},"logprobs":null,"finish_reason":"${finish_reason}"${fields(beside)}}]`
        this.out += `${this.freshHead()}${choice}${usageNull}${extra}}\n\n`
      }
    } catch (error) {
      return this.fail(endingError(error))
    }
    if (request.include_usage && usage !== undefined)
      this.out += `${this.freshHead()}"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
    return this.flush() + DONE
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    this.isPlain = false
    // LangChain4j takes an error without a name for the end of a good answer; the name comes last, since
    // sashabaranov/go-openai reads lines and not events, and would lose the data behind it
    return `${this.flush()}data: ${JSON.stringify(errorBody(error))}\nevent: error\n\n`
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  private take(delta: Delta): void {
    const text = this.isPlain ? plainText(delta) : undefined
    if (text !== undefined) {
      this.out += `${this.textHead}${JSON.stringify(text)}${this.textTail}`
      return
    }
    if (this.fold.take(delta)) this.isStale = true
    this.isPlain = !this.isStale && this.fold.plain(0)
  }

  private emit(index: number, delta: WireDelta, logprobs?: WireLogprobs): void {
    const body = `"choices":[{"index":${index},"delta":${JSON.stringify(delta)}`
    if (logprobs === undefined) this.out += this.freshHead() + body + this.tail
    else {
      const end = `"finish_reason":null}]${this.usageNull}}\n\n`
      this.out += `${this.freshHead()}${body},"logprobs":${JSON.stringify(logprobs)},${end}`
    }
  }

  private freshHead(): string {
    if (!this.isStale) return this.head
    const { head } = this.fold
    const { system_fingerprint, service_tier } = head
    const fields = {
      id: (head.id ??= makeId('chatcmpl-')),
      object: 'chat.completion.chunk',
      created: (head.created ??= this.meta.created),
      model: this.meta.model,
      service_tier,
      system_fingerprint,
    }
    this.head = `data: ${JSON.stringify(fields).slice(0, -1)},`
    this.textHead = `${this.head}"choices":[{"index":0,"delta":{"content":`
    this.isStale = false
    return this.head
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}

/** Further top-level fields as text: a comma before each, nothing for none. */
function fields(extra: Record<string, unknown>): string {
  const text = JSON.stringify(extra).slice(1, -1)
  return text === '' ? '' : `,${text}`
}
