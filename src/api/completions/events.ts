import type { Delta, RawEvent } from '../../chat/delta.ts'
import { errorBody, type GatewayError } from '../../chat/error.ts'
import { textDelta } from '../../chat/answer-source.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { AnswerMeta } from '../chat-completions/response/chunks.ts'
import { makeId } from '../http/request-id.ts'
import type { TellLoss } from '../inbound/media.ts'
import { endingError } from '../inbound/ending-error.ts'
import type { AnswerWriter } from '../inbound/inbound-api.ts'
import { textBody, type TextChoice } from './answer.ts'
import { createTextFold, type Before, type TellText, type TextFold } from './choices.ts'

const DONE = 'data: [DONE]\n\n'

/** Writes an answer as chunks of a `text_completion`, usage where it was asked for, and `[DONE]`. */
export function createTextWriter(
  request: ChatRequest,
  meta: AnswerMeta,
  before: Before,
  tellLoss: TellLoss,
): AnswerWriter {
  return new TextWriter(request, meta, before, tellLoss)
}

class TextWriter implements AnswerWriter {
  private readonly fold: TextFold
  private readonly request: ChatRequest
  private readonly meta: AnswerMeta
  private out = ''
  private ended: GatewayError | undefined
  private isRaw = false
  private isDone = false
  private id: string | undefined

  constructor(request: ChatRequest, meta: AnswerMeta, before: Before, tellLoss: TellLoss) {
    this.request = request
    this.meta = meta
    const tell: TellText = (index, text, logprobs) => this.tell([{ text, index, logprobs, finish_reason: null }])
    this.fold = createTextFold(request, before, tell, tellLoss)
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) {
        if (delta.raw) this.pass(delta.raw, delta.chunk)
        else if (delta.raw === undefined) this.fold.take(delta)
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
    if (this.ended !== undefined || this.isDone) return this.flush()
    if (this.isRaw) return this.flush() + DONE
    try {
      for (const { index, finish_reason } of this.fold.end(terminated))
        this.tell([{ text: '', index, logprobs: null, finish_reason }])
    } catch (error) {
      return this.fail(endingError(error))
    }
    const usage = this.fold.usage()
    if (this.request.include_usage && usage) this.out += event(textBody([], usage, this.head()))
    return this.flush() + DONE
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    // the name comes last, as in a chat's stream: some clients read lines and not events
    return `${this.flush()}data: ${JSON.stringify(errorBody(error))}\nevent: error\n\n`
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  /** An event of an upstream that speaks this API; its usage was asked for by this server. */
  private pass(raw: RawEvent, chunk: Delta['chunk']): void {
    // an upstream can answer in a chat's chunks: their end alone is none of this API's events
    this.isRaw ||= chunk !== undefined
    if (!this.isRaw) return
    const data = raw.text ?? JSON.stringify(raw.value)
    if (data.trim() === '[DONE]') this.isDone = true
    const isUsage = chunk !== undefined && Array.isArray(chunk['choices']) && chunk['choices'].length === 0
    if (isUsage && !this.request.include_usage) return
    this.out += `data: ${data}\n\n`
  }

  private tell(choices: (Omit<TextChoice, 'finish_reason'> & { finish_reason: string | null })[]): void {
    this.out += event(textBody(choices, undefined, this.head()))
  }

  private head(): AnswerMeta & { id: string; fingerprint: string | undefined } {
    const { head } = this.fold
    this.id ??= head.id ?? makeId('cmpl-')
    return {
      id: this.id,
      model: this.meta.model,
      created: head.created ?? this.meta.created,
      fingerprint: head.system_fingerprint,
    }
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}

/** One event of the stream. */
export function event(body: Record<string, unknown>): string {
  return `data: ${JSON.stringify(body)}\n\n`
}
