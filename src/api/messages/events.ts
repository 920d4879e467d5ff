import type { Delta, RawEvent } from '../../chat/delta.ts'
import type { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { textDelta } from '../../chat/answer-source.ts'
import { createBlockAnswer, type Block, type BlockAnswer, type BlockSink } from '../inbound/blocks.ts'
import { endingError } from '../inbound/ending-error.ts'
import type { AnswerWriter, StreamStyle } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { makeId } from '../http/request-id.ts'
import { startOf, stopReason, wireUsage } from './blocks.ts'
import { errorOf } from './errors.ts'

/** Clients read over pings, before the first event, too. */
export const MESSAGE_EVENTS: StreamStyle = {
  contentType: 'text/event-stream; charset=utf-8',
  heartbeat: 'event: ping\ndata: {"type":"ping"}\n\n',
}

/** Writes an answer as the events of a message: message_start, blocks one after the other, message_delta, message_stop. */
export function createMessageWriter(request: ChatRequest, tellLoss: TellLoss): AnswerWriter {
  return new MessageWriter(request, tellLoss)
}

class MessageWriter implements AnswerWriter, BlockSink {
  private readonly answer: BlockAnswer
  private readonly model: string
  private out = ''
  private isStarted = false
  private ended: GatewayError | undefined
  /** Of the block that is open, and how many there were before. */
  private index = -1
  private isOpen = false
  /** What stands around a text of the block that is open. */
  private textHead = ''
  /** The upstream's own events told of a text that is still open: it goes on where another upstream takes over. */
  private isRawText = false
  private isRawEnd = false

  constructor(request: ChatRequest, tellLoss: TellLoss) {
    this.model = request.model
    this.answer = createBlockAnswer(request, this, tellLoss)
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) {
        if (delta.raw === undefined) this.answer.take(delta)
        else if (delta.raw !== null) this.pass(delta.raw)
      }
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  writeText(literal: string, event: RawEvent | undefined): string {
    if (event !== undefined || !this.answer.isPlain()) return this.write([textDelta(literal, event)])
    return `${this.textHead}${literal}}}\n\n`
  }

  end(terminated: boolean): string {
    if (this.ended !== undefined) return ''
    if (this.isRawEnd) return this.flush()
    try {
      const { finish, usage } = this.answer.end(terminated)
      this.start()
      this.closeRaw()
      const delta = { stop_reason: stopReason(finish), stop_sequence: null }
      this.emit('message_delta', { delta, usage: wireUsage(usage) })
      this.emit('message_stop', {})
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    this.emit('error', { error: errorOf(error) })
    return this.flush()
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  open(block: Block): void {
    this.start()
    if (this.isRawText && block.type === 'text') this.isRawText = false
    else {
      this.closeRaw()
      this.index++
      this.emit('content_block_start', { index: this.index, content_block: startOf(block) })
    }
    this.isOpen = true
    this.textHead = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.index},"delta":{"type":"text_delta","text":`
  }

  piece(block: Block, text: string): void {
    switch (block.type) {
      case 'text':
      case 'refusal':
        this.out += `${this.textHead}${JSON.stringify(text)}}}\n\n`
        break
      case 'reasoning':
        this.emitDelta({ type: 'thinking_delta', thinking: text })
        break
      case 'call':
        this.emitDelta({ type: 'input_json_delta', partial_json: text })
    }
  }

  signed(block: Block, signature: string): void {
    if (block.type === 'reasoning') this.emitDelta({ type: 'signature_delta', signature })
  }

  close(block: Block): void {
    // free text becomes an object, which cannot be told before it is whole
    if (block.type === 'custom')
      this.emitDelta({ type: 'input_json_delta', partial_json: JSON.stringify({ input: block.text }) })
    this.isOpen = false
    this.emit('content_block_stop', { index: this.index })
  }

  private start(): void {
    if (this.isStarted) return
    this.isStarted = true
    const message = {
      id: makeId('msg_'),
      type: 'message',
      role: 'assistant',
      model: this.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...wireUsage(this.answer.usage()), output_tokens: 0 },
    }
    this.emit('message_start', { message })
  }

  /** An event of an upstream that speaks this API. */
  private pass(event: RawEvent): void {
    const data = event.text ?? JSON.stringify(event.value)
    const name = event.name ?? typeOf(event.value ?? JSON.parse(data))
    this.out += `event: ${name}\ndata: ${data}\n\n`
    if (name === 'message_start') this.isStarted = true
    else if (name === 'content_block_start') {
      this.index++
      this.isOpen = true
      this.isRawText = data.includes('"content_block":{"type":"text"')
    } else if (name === 'content_block_stop') this.isOpen = this.isRawText = false
    else if (name === 'message_stop') this.isRawEnd = true
  }

  /** Closes a block of the upstream's own that broke off. */
  private closeRaw(): void {
    if (this.isOpen) this.emit('content_block_stop', { index: this.index })
    this.isOpen = this.isRawText = false
  }

  private emitDelta(delta: Record<string, unknown>): void {
    this.emit('content_block_delta', { index: this.index, delta })
  }

  private emit(type: string, fields: Record<string, unknown>): void {
    this.out += `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}

function typeOf(value: unknown): string {
  return String((value as { type?: unknown } | null)?.type ?? 'message')
}
