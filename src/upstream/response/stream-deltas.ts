/** The deltas of a stream: framed and decoded, read by read. */
import type { AnswerSink } from '../../chat/answer-source.ts'
import type { Delta } from '../../chat/delta.ts'
import { isProgress } from '../../chat/content.ts'
import { GatewayError } from '../../chat/error.ts'
import { pipeInto, type Sink } from '../../runtime/push-source.ts'
import type { Framer, Silence, StreamDecoder, UpstreamDeltas } from '../types.ts'
import { drain } from '../http/read-body.ts'
import { ChunkTemplateRead } from './chunk-template-read.ts'

/** What follows a stream's own end is a few bytes, if anything; a server that sends more loses the connection. */
const MOST_READS = 8

/** Iterated until the answer is committed, and piped from then on: one decoder goes through both. A class: few objects a stream, and few touched a read. */
export class StreamDeltas implements UpstreamDeltas, Sink<Uint8Array> {
  /** The vendor's own end is none by itself: servers that fail send it, too. The reason to stop says that an answer is whole. */
  readonly isTerminated = false
  isVoid = true
  private readonly body: AsyncIterable<Uint8Array>
  private readonly reads: AsyncIterator<Uint8Array>
  private readonly framer: Framer
  private readonly decoder: StreamDecoder
  private readonly usual: ChunkTemplateRead | undefined
  private readonly silence: Silence | undefined
  private into: AnswerSink | undefined
  private isOver = false
  /** The vendor said that nothing follows. */
  private isDone = false
  /** Reads since the end. */
  private after = 0

  constructor(body: AsyncIterable<Uint8Array>, framer: Framer, decoder: StreamDecoder, silence?: Silence) {
    this.body = body
    this.reads = body[Symbol.asyncIterator]()
    this.framer = framer
    this.decoder = decoder
    this.silence = silence
    silence?.judge()
    if (framer.isBetween && decoder.template) this.usual = new ChunkTemplateRead(framer, decoder.template, decoder)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  takeWhole(): undefined {
    return undefined
  }

  async next(): Promise<IteratorResult<Delta[], undefined>> {
    try {
      while (!this.isOver) {
        const read = await this.reads.next()
        const out = read.done ? this.decodeEnd() : this.decode(read.value)
        if (read.done) this.isOver = true
        else if (this.isDone) {
          this.isOver = true
          drain(this.reads, MOST_READS)
        }
        if (out.length > 0) return { done: false, value: out }
      }
    } catch (cause) {
      await this.return()
      throw cause
    }
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.isOver) {
      this.isOver = true
      await this.reads.return?.()
    }
    return { done: true, value: undefined }
  }

  pushTo(into: AnswerSink): void {
    if (this.isOver) return into.end()
    this.into = into
    pipeInto(this.body, this)
  }

  take(bytes: Uint8Array): Promise<void> | undefined {
    const { into } = this
    if (into === undefined || this.isOver) return this.passOver()
    const literal = this.usual?.cast(bytes)
    if (literal !== undefined) {
      this.silence?.progress()
      return into.takeText(literal, this.decoder.carries?.() === true ? this.usual?.event() : undefined)
    }
    const out = this.decode(bytes)
    const held = out.length > 0 ? into.take(out) : undefined
    if (this.isDone) this.finish(held)
    return held
  }

  end(): void {
    if (this.isOver) return
    try {
      const out = this.decodeEnd()
      this.finish(out.length > 0 ? this.into?.take(out) : undefined)
    } catch (cause) {
      this.fail(cause)
    }
  }

  fail(cause: unknown): void {
    if (this.isOver) return
    this.isOver = true
    this.into?.fail(cause)
  }

  /** Nothing more will come, once the last is taken. */
  private finish(held: Promise<void> | undefined): void {
    this.isOver = true
    const { into } = this
    if (held === undefined) into?.end()
    else
      held.then(
        () => into?.end(),
        (cause: unknown) => into?.fail(cause),
      )
  }

  private passOver(): undefined {
    if (++this.after > MOST_READS) throw new GatewayError('cancelled', 'The stream is over; the rest is not read.')
  }

  private decode(bytes: Uint8Array): Delta[] {
    this.isVoid = false
    const events = this.framer.push(bytes)
    const out: Delta[] = []
    for (const event of events) {
      if (!this.decoder.decode(event, out)) continue
      this.isDone = true
      this.decoder.end(out)
      return out
    }
    if (out.some(isProgress)) this.silence?.progress()
    this.usual?.learn(bytes, events)
    return out
  }

  private decodeEnd(): Delta[] {
    const out: Delta[] = []
    for (const event of this.framer.end()) {
      if (!this.decoder.decode(event, out)) continue
      this.isDone = true
      break
    }
    this.decoder.end(out)
    return out
  }
}
