/**
 * An answer as blocks that open and close one after the other, in the order in which they were told: what an API needs whose
 * events know one open block at a time, or whose calls are whole. OpenAI's deltas go in; nothing in them is out of order but
 * calls that grow side by side: the later one waits until the arguments of the earlier are whole.
 */
import type { FinishReason, Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { AnswerHead } from '../chat-completions/response/upstream-chunk/chunk-head.ts'
import type { Ending } from '../chat-completions/response/choice.ts'
import { createAnswerFold, type AnswerFold } from '../chat-completions/response/fold.ts'
import { fromExtraContent } from '../chat-completions/response/upstream-chunk/thought-signature.ts'
import type { WireDelta, WireToolCall, WireUsage } from '../chat-completions/response/wire-types.ts'
import { parseFinite } from '../../runtime/json/json.ts'
import { createLossTeller, mediaOf, soundType, transcriptOf, type Media, type TellLoss } from './media.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'

export interface Block {
  type: 'text' | 'reasoning' | 'encrypted' | 'refusal' | 'call' | 'custom' | 'media'
  /** All of it so far: text, thought, opaque data, arguments in JSON, input of a custom tool. */
  text: string
  /** Opaque state of a thought, of a call, or of the text. */
  signature?: string
  /** Of a call. */
  id?: string
  name?: string
  /** What was said of the text: OpenAI's citations. */
  annotations?: Record<string, unknown>[]
  /** Of the text's tokens, as OpenAI has them. */
  logprobs?: unknown[]
  /** Of a block that is no text. */
  media?: Media
}

/** Hears of each block; `piece` and `signed` are of the one that is open. */
export interface BlockSink {
  open(block: Block): void
  /** @param logprobs of the tokens of this piece, where the upstream tells them */
  piece(block: Block, text: string, logprobs?: unknown[]): void
  signed?(block: Block, signature: string): void
  /** Citations; absent where the API has no place for them. */
  annotated?(block: Block, annotations: Record<string, unknown>[]): void
  close(block: Block): void
  /** Does the API have a place for it? None at all when absent. */
  shows?(media: Media): boolean
}

export interface Blocks {
  /** @param logprobs of the tokens of its text */
  take(delta: WireDelta, logprobs?: unknown[]): void
  /** The block that is open and takes text without further ado. */
  openText(): Block | undefined
  /** Closes what is open, and tells what waited. */
  end(): void
}

export function createBlocks(sink: BlockSink, tellLoss: TellLoss = () => {}): Blocks {
  return new BlockOrder(sink, tellLoss)
}

class BlockOrder implements Blocks {
  private readonly sink: BlockSink
  private readonly lose: ReturnType<typeof createLossTeller>
  /** The media type of the answer's sound. */
  private sound: string | undefined
  private open: Block | undefined
  /** They follow the open call, whose arguments are not whole yet. */
  private readonly waiting: Block[] = []
  private readonly calls: Block[] = []

  constructor(sink: BlockSink, tellLoss: TellLoss) {
    this.sink = sink
    this.lose = createLossTeller(tellLoss)
  }

  take(delta: WireDelta, logprobs?: unknown[]): void {
    if (filled(delta.reasoning_content) !== undefined) this.say('reasoning', delta.reasoning_content ?? '')
    for (const detail of delta.reasoning_details ?? []) this.takeDetail(detail)
    if (typeof delta.content === 'string' && delta.content !== '') this.say('text', delta.content, logprobs)
    if (filled(delta.refusal) !== undefined) this.say('refusal', delta.refusal ?? '')
    const signature = fromExtraContent(delta['extra_content'])
    if (signature !== undefined) this.sign(this.last('text'), signature)
    if (delta.annotations !== undefined) this.cite(delta.annotations)
    if (delta['audio'] !== undefined) this.hear(delta)
    for (const media of mediaOf(delta, this.sound)) this.showMedia(media)
    for (const call of delta.tool_calls ?? []) this.takeCall(call)
  }

  openText(): Block | undefined {
    return this.open?.type === 'text' && this.waiting.length === 0 ? this.open : undefined
  }

  end(): void {
    while (this.waiting.length > 0) this.showNext()
    this.closeOpen()
  }

  private say(type: Block['type'], text: string, logprobs?: unknown[]): void {
    const block = this.last(type)
    if (logprobs !== undefined) (block.logprobs ??= []).push(...logprobs)
    this.grow(block, text, logprobs)
  }

  private hear(delta: WireDelta): void {
    this.sound = soundType(delta) ?? this.sound
    const text = transcriptOf(delta)
    if (text !== undefined) this.say('text', text)
  }

  private showMedia(media: Media): void {
    if (this.sink.shows?.(media)) this.begin({ type: 'media', text: '', media })
    else this.lose(media)
  }

  /** The text of a detail was told already; what only its vendor can read was not. */
  private takeDetail(detail: Record<string, unknown>): void {
    const data = filled(detail['data'])
    const signature = filled(detail['signature'])
    if (data !== undefined) this.begin({ type: 'encrypted', text: data })
    else if (signature !== undefined) this.sign(this.last('reasoning'), signature)
  }

  private takeCall(call: WireToolCall): void {
    const known = this.calls[call.index]
    const said = call.custom ?? call.function
    const text = call.custom?.input ?? call.function?.arguments ?? ''
    const signature = fromExtraContent(call.extra_content)
    if (known) {
      this.grow(known, text)
      if (signature !== undefined) this.sign(known, signature)
      return
    }
    const block: Block = { type: call.type === 'custom' ? 'custom' : 'call', text: '', id: call.id, name: said?.name }
    if (signature !== undefined) block.signature = signature
    this.calls[call.index] = block
    this.begin(block)
    this.grow(block, text)
  }

  /** The block at the end, when it is of this kind and goes on; else a new one. */
  private last(type: Block['type']): Block {
    const block = this.waiting.at(-1) ?? this.open
    if (block?.type === type && (type !== 'reasoning' || block.signature === undefined)) return block
    return this.begin({ type, text: '' })
  }

  private begin(block: Block): Block {
    if (this.waiting.length > 0 || !this.isWhole(this.open)) this.waiting.push(block)
    else {
      this.closeOpen()
      this.show(block)
    }
    return block
  }

  private show(block: Block): void {
    this.open = block
    this.sink.open(block)
    if (block.text !== '') this.sink.piece(block, block.text, block.logprobs)
    // it came whole: nobody waits for what comes next
    if (block.type === 'media') this.closeOpen()
  }

  private grow(block: Block, text: string, logprobs?: unknown[]): void {
    if (text === '') return
    block.text += text
    if (block !== this.open) return
    this.sink.piece(block, text, logprobs)
    if (this.waiting.length > 0) while (this.waiting.length > 0 && this.isWhole(this.open)) this.showNext()
  }

  private sign(block: Block, signature: string): void {
    block.signature = signature
    if (block === this.open) this.sink.signed?.(block, signature)
  }

  private cite(annotations: Record<string, unknown>[]): void {
    if (this.sink.annotated === undefined) return this.lose({ kind: 'citation' })
    const block = this.last('text')
    ;(block.annotations ??= []).push(...annotations)
    if (block === this.open) this.sink.annotated(block, annotations)
  }

  /** The first that waited, with what came of it meanwhile. */
  private showNext(): void {
    const next = this.waiting.shift()
    if (!next) return
    this.closeOpen()
    this.show(next)
    const isCall = next.type === 'call' || next.type === 'custom'
    if (!isCall && next.signature !== undefined) this.sink.signed?.(next, next.signature)
    if (next.annotations) this.sink.annotated?.(next, next.annotations)
  }

  /** Nothing more can come of it once something else comes. */
  private isWhole(block: Block | undefined): boolean {
    return block?.type !== 'call' || isJson(block.text)
  }

  private closeOpen(): void {
    if (this.open) this.sink.close(this.open)
    this.open = undefined
  }
}

function isJson(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The arguments of a call as an object: `{}` where there are none, and text that is none as `{ input }`. */
export function argumentsOf({ text }: Block): Record<string, unknown> {
  if (text.trim() === '') return {}
  const value = parseFinite(text)
  // one that the upstream broke off is shown as it came
  return isRecord(value) ? value : { input: text }
}

export interface BlockEnd {
  finish: FinishReason
  usage: WireUsage | undefined
  head: AnswerHead
}

/** An answer's first choice as blocks. */
export interface BlockAnswer {
  /** Throws the GatewayError that the upstream reported inside its answer. */
  take(delta: Delta): void
  /** True when text may go straight into the block that is open. */
  isPlain(): boolean
  /** Throws a GatewayError when the answer stopped before its end. */
  end(terminated: boolean): BlockEnd
  usage(): WireUsage | undefined
}

export function createBlockAnswer(
  request: Pick<ChatRequest, 'legacy_functions' | 'body'>,
  sink: BlockSink,
  tellLoss?: TellLoss,
): BlockAnswer {
  const blocks = createBlocks(sink, tellLoss)
  const fold: AnswerFold = createAnswerFold(request, (index, delta, logprobs) => {
    if (index === 0) blocks.take(delta, logprobs?.content ?? undefined)
  })
  return {
    take: (delta) => void fold.take(delta),
    isPlain: () => fold.plain(0) && blocks.openText() !== undefined,
    end(terminated) {
      const endings: Ending[] = fold.end(terminated)
      blocks.end()
      return { finish: endings[0]?.finish_reason ?? 'stop', usage: fold.usage(), head: fold.head }
    },
    usage: () => fold.usage(),
  }
}
