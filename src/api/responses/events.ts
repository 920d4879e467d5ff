/** An answer as a stream of Responses events: dense numbers, each item opened, told and closed. */
import { textDelta, textOf } from '../../chat/answer-source.ts'
import type { Delta, RawEvent } from '../../chat/delta.ts'
import type { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { createBlockAnswer, type Block, type BlockAnswer, type BlockSink } from '../inbound/blocks.ts'
import { endingError } from '../inbound/ending-error.ts'
import type { AnswerWriter } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { parseJson } from '../../runtime/json/json.ts'
import type { Finished } from './answer.ts'
import { flat, itemId, itemOf, partOf, sealOf, shows, withBytes, type ItemStatus } from './output-items.ts'
import { responseObject, type ResponseMeta, type ResponseState } from './response-object.ts'
import type { Namespaced } from './tools.ts'

type Json = Record<string, unknown>

export function createEventWriter(
  chat: ChatRequest,
  meta: ResponseMeta,
  spaced: ReadonlyMap<string, Namespaced>,
  finished: Finished,
  tellLoss: TellLoss,
): AnswerWriter {
  return new Writer(chat, meta, spaced, finished, tellLoss)
}

class Writer implements AnswerWriter, BlockSink {
  private readonly meta: ResponseMeta
  private readonly spaced: ReadonlyMap<string, Namespaced>
  private readonly finished: Finished
  private readonly blocks: BlockAnswer
  private readonly output: Json[] = []
  private out = ''
  private number = 0
  private ended: GatewayError | undefined
  private hasBegun = false
  /** The upstream's own events were handed on: it began, and it ends. */
  private isNative = false
  /** The first of them. */
  private native = ''
  /** The open block and its item's id. */
  private block: Block | undefined
  private item = ''
  readonly shows = shows

  constructor(
    chat: ChatRequest,
    meta: ResponseMeta,
    spaced: ReadonlyMap<string, Namespaced>,
    finished: Finished,
    tellLoss: TellLoss,
  ) {
    this.meta = meta
    this.spaced = spaced
    this.finished = finished
    this.blocks = createBlockAnswer(chat, this, tellLoss)
  }

  write(deltas: readonly Delta[]): string {
    if (this.ended !== undefined) return ''
    try {
      for (const delta of deltas) this.takeDelta(delta)
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  writeText(literal: string, event: RawEvent | undefined): string {
    const { block } = this
    const isEvent = event !== undefined || this.isNative
    if (isEvent || !block || !this.blocks.isPlain()) return this.write([textDelta(literal, event)])
    block.text += textOf(literal)
    return `${this.textHead()}${literal},"logprobs":[]}\n\n`
  }

  end(terminated: boolean): string {
    if (this.ended !== undefined) return ''
    if (this.isNative) return this.flush()
    this.begin()
    try {
      const { finish, usage } = this.blocks.end(terminated)
      this.emitEnd(finish === 'length' || finish === 'content_filter' ? 'incomplete' : 'completed', { finish, usage })
    } catch (error) {
      return this.fail(endingError(error))
    }
    return this.flush()
  }

  fail(error: GatewayError): string {
    if (this.ended !== undefined) return ''
    this.ended = error
    this.begin()
    if (this.block) this.closeItem(this.block, 'incomplete')
    this.emitEnd('failed', { error, usage: this.blocks.usage() })
    return this.flush()
  }

  fault(): GatewayError | undefined {
    return this.ended
  }

  open(block: Block): void {
    this.begin()
    this.block = block
    this.item = itemId(block)
    const item_id = this.item
    const output_index = this.output.length
    this.emit('response.output_item.added', { output_index, item: itemOf(block, item_id, 'in_progress', this.spaced) })
    if (block.type === 'text' || block.type === 'refusal') {
      const part = partOf({ type: block.type, text: '' })
      this.emit('response.content_part.added', { item_id, output_index, content_index: 0, part })
    } else if (block.type === 'reasoning') {
      const part = { type: 'summary_text', text: '' }
      this.emit('response.reasoning_summary_part.added', { item_id, output_index, summary_index: 0, part })
    } else if (block.type === 'media')
      this.emit('response.image_generation_call.in_progress', { item_id, output_index })
  }

  piece({ type }: Block, delta: string, logprobs: unknown[] = []): void {
    const at = { item_id: this.item, output_index: this.output.length }
    if (type === 'text')
      this.emit('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: logprobs.map(withBytes) })
    else if (type === 'refusal') this.emit('response.refusal.delta', { ...at, content_index: 0, delta })
    else if (type === 'reasoning')
      this.emit('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta })
    else if (type === 'call') this.emit('response.function_call_arguments.delta', { ...at, delta })
    else if (type === 'custom') this.emit('response.custom_tool_call_input.delta', { ...at, delta })
  }

  annotated(block: Block, annotations: Json[]): void {
    const first = (block.annotations?.length ?? annotations.length) - annotations.length
    const at = { item_id: this.item, output_index: this.output.length, content_index: 0 }
    for (const [index, each] of annotations.entries()) {
      const annotation = flat(each)
      this.emit('response.output_text.annotation.added', { ...at, annotation_index: first + index, annotation })
    }
  }

  close(block: Block): void {
    this.closeItem(block, 'completed')
    const item = sealOf(block)
    if (!item) return
    const output_index = this.output.length
    this.emit('response.output_item.added', { output_index, item })
    this.output.push(item)
    this.emit('response.output_item.done', { output_index, item })
  }

  private closeItem(block: Block, status: ItemStatus): void {
    this.block = undefined
    const at = { item_id: this.item, output_index: this.output.length }
    const { type, text } = block
    const item = itemOf(block, this.item, status, this.spaced)
    if (type === 'text') {
      this.emit('response.output_text.done', {
        ...at,
        content_index: 0,
        text,
        logprobs: (block.logprobs ?? []).map(withBytes),
      })
      this.emit('response.content_part.done', { ...at, content_index: 0, part: partOf(block) })
    } else if (type === 'refusal') {
      this.emit('response.refusal.done', { ...at, content_index: 0, refusal: text })
      this.emit('response.content_part.done', { ...at, content_index: 0, part: partOf(block) })
    } else if (type === 'reasoning') {
      const part = { type: 'summary_text', text }
      this.emit('response.reasoning_summary_text.done', { ...at, summary_index: 0, text })
      this.emit('response.reasoning_summary_part.done', { ...at, summary_index: 0, part })
    } else if (type === 'call') {
      // a call without arguments was told none
      if (text === '') this.piece(block, String(item['arguments']))
      const { name, arguments: whole } = item
      this.emit('response.function_call_arguments.done', { ...at, name, arguments: whole })
    } else if (type === 'custom') this.emit('response.custom_tool_call_input.done', { ...at, input: text })
    else if (type === 'media') this.emit('response.image_generation_call.completed', { ...at })
    this.output.push(item)
    this.emit('response.output_item.done', { output_index: at.output_index, item })
  }

  private takeDelta(delta: Delta): void {
    const { raw } = delta
    if (raw === undefined || (this.hasBegun && !this.isNative)) return this.blocks.take(delta)
    this.isNative = true
    if (raw !== null) this.handOn(raw.name, raw.text ?? JSON.stringify(raw.value))
  }

  /** The upstream's event as it came; its numbers go on where ours must. */
  private handOn(name: string | undefined, text: string): void {
    this.out += `${name === undefined ? '' : `event: ${name}\n`}data: ${text.replaceAll('\n', '\ndata: ')}\n\n`
    const found = /"sequence_number"\s*:\s*(\d+)/.exec(text)
    if (found) this.number = Number(found[1]) + 1
    if (!this.hasBegun) this.native = text
    this.hasBegun = true
    if (name !== undefined ? !ENDS.has(name) : !text.includes('"response.')) return
    const event = parseJson(text)
    if (isRecord(event) && ENDS.has(String(event['type'])) && isRecord(event['response']))
      this.finished(event['response'], true)
  }

  private begin(): void {
    if (this.hasBegun) return
    this.hasBegun = true
    const response = responseObject(this.meta, { output: [] })
    this.emit('response.created', { response })
    this.emit('response.in_progress', { response })
  }

  private emitEnd(how: 'completed' | 'incomplete' | 'failed', state: Omit<ResponseState, 'output'>): void {
    const response = { ...responseObject(this.meta, { output: this.output, ...state }), ...this.begun() }
    if (how === 'completed') response['completed_at'] = Math.max(this.meta.created, Math.floor(Date.now() / 1000))
    this.emit(`response.${how}`, { response })
    if (how !== 'failed') this.finished(response, false)
  }

  /** What an upstream said of its response at the beginning, which holds at the end too. */
  private begun(): Json | undefined {
    const event = this.native === '' ? undefined : parseJson(this.native)
    if (!isRecord(event) || !isRecord(event['response'])) return undefined
    const kept = Object.entries(event['response']).filter(([field]) => !AT_THE_END.has(field))
    return Object.fromEntries(kept)
  }

  private emit(type: string, fields: Json): void {
    const sequence_number = this.number++
    this.out += `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`
  }

  private textHead(): string {
    const type = 'response.output_text.delta'
    const place = `"item_id":"${this.item}","output_index":${this.output.length},"content_index":0`
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.number++},${place},"delta":`
  }

  private flush(): string {
    const text = this.out
    this.out = ''
    return text
  }
}

const AT_THE_END = new Set(['status', 'error', 'incomplete_details', 'output', 'usage'])
const ENDS = new Set(['response.completed', 'response.incomplete'])
