import type { Delta, RawEvent } from '../../chat/delta.ts'
import type { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { textDelta } from '../../chat/answer-source.ts'
import { createBlockAnswer, type Block, type BlockAnswer, type BlockSink } from '../inbound/blocks.ts'
import { endingError } from '../inbound/ending-error.ts'
import type { AnswerWriter, StreamStyle } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { makeId } from '../http/request-id.ts'
import { errorOf } from './errors.ts'
import { logprobsResult } from './logprobs.ts'
import { finishReason, partsOf, shows, usageMetadata, type WirePart } from './parts.ts'

/** A comment before the first event breaks clients of this API; a bare line feed is read over by all. */
const LINE_FEED = '\n'

export const SERVER_SENT: StreamStyle = { contentType: 'text/event-stream; charset=utf-8', heartbeat: LINE_FEED }
/** Without `alt=sse` a stream is one JSON array that grows. */
export const JSON_ARRAY: StreamStyle = { contentType: 'application/json; charset=utf-8', heartbeat: LINE_FEED }

export function createResponseWriter(request: ChatRequest, style: StreamStyle, tellLoss?: TellLoss): AnswerWriter {
  return new ResponseWriter(request, style, tellLoss)
}

/** Blocks that are told when they are whole. */
const WHOLE: ReadonlySet<Block['type']> = new Set(['call', 'custom', 'encrypted', 'media'])

/** Each event is a response of its own: text as it comes, calls whole, the last with the reason and the usage. */
class ResponseWriter implements AnswerWriter, BlockSink {
  private readonly answer: BlockAnswer
  private readonly isArray: boolean
  private readonly model: string
  private readonly id = makeId('resp_')
  private out = ''
  private isEmpty = true
  private ended: GatewayError | undefined
  /** The answer is told by the upstream's own events alone. */
  private isRaw = false
  private readonly textTail: string
  readonly shows = shows

  constructor(request: ChatRequest, style: StreamStyle, tellLoss: TellLoss | undefined) {
    this.model = request.model
    this.isArray = style === JSON_ARRAY
    this.answer = createBlockAnswer(request, this, tellLoss)
    this.textTail = `}],"role":"model"},"index":0}],"modelVersion":${JSON.stringify(this.model)},"responseId":"${this.id}"}`
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) {
        if (delta.raw === undefined) {
          this.isRaw = false
          this.answer.take(delta)
        } else if (delta.raw !== null) this.pass(delta.raw)
      }
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  writeText(literal: string, event: RawEvent | undefined): string {
    if (event !== undefined || !this.answer.isPlain()) return this.write([textDelta(literal, event)])
    this.emitText(literal)
    return this.flush()
  }

  end(terminated: boolean): string {
    if (this.ended !== undefined) return ''
    try {
      if (!this.isRaw) this.emitEnd(terminated)
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush() + this.closing()
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    this.emit(JSON.stringify({ error: errorOf(error) }))
    return this.flush() + this.closing()
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  open(): void {}

  piece(block: Block, text: string, logprobs?: unknown[]): void {
    const told = logprobsResult(logprobs)
    if (told !== undefined) this.emitParts([{ text }], { logprobsResult: told })
    else if (block.type === 'text' || block.type === 'refusal') this.emitText(JSON.stringify(text))
    else if (block.type === 'reasoning') this.emitParts([{ text, thought: true }])
  }

  signed(block: Block, signature: string): void {
    if (block.type === 'text') this.emitParts([{ text: '', thoughtSignature: signature }])
    else if (block.type === 'reasoning') this.emitParts([{ text: '', thought: true, thoughtSignature: signature }])
  }

  close(block: Block): void {
    if (WHOLE.has(block.type)) this.emitParts(partsOf(block))
  }

  private emitEnd(terminated: boolean): void {
    const { finish, usage } = this.answer.end(terminated)
    const content = { parts: [{ text: '' }], role: 'model' }
    const candidates = [{ content, finishReason: finishReason(finish), index: 0 }]
    this.emitResponse({ candidates, usageMetadata: usageMetadata(usage) })
  }

  private pass(event: RawEvent): void {
    this.isRaw = true
    this.emit(event.text ?? JSON.stringify(event.value))
  }

  private emitText(literal: string): void {
    this.emit(`{"candidates":[{"content":{"parts":[{"text":${literal}${this.textTail}`)
  }

  private emitParts(parts: WirePart[], beside: Record<string, unknown> = {}): void {
    this.emitResponse({ candidates: [{ content: { parts, role: 'model' }, index: 0, ...beside }] })
  }

  private emitResponse(response: Record<string, unknown>): void {
    this.emit(JSON.stringify({ ...response, modelVersion: this.model, responseId: this.id }))
  }

  private emit(json: string): void {
    if (this.isArray) this.out += `${this.isEmpty ? '[' : ',\n'}${json}`
    else this.out += `data: ${json}\r\n\r\n`
    this.isEmpty = false
  }

  private closing(): string {
    if (!this.isArray) return ''
    return this.isEmpty ? '[]' : ']'
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}
