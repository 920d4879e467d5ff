/**
 * Nearly every read of a stream is the one before with another text in one place: one event of the usual kind, framed as
 * before. Then neither the framing nor the event is looked at, and the text is passed on as it stands. Where chunks come one
 * by one, the time goes into memory that no cache holds any more: fewer objects and steps count, more than fewer instructions.
 */
import type { FramedEvent, Framer, StreamDecoder } from '../types.ts'
import { asBuffer } from './framing/whole-lines.ts'
import { between, type ChunkTemplate } from './chunk-template.ts'

/** A string in JSON without escapes: the literal is the text. */
// oxlint-disable-next-line no-control-regex -- JSON forbids them, so what has them is not valid JSON
const PLAIN = /^"[^"\\\u0000-\u001f]+"$/

/** Reads that were framed otherwise than the one before, after which all are: they count something. */
const MOST_CHANGES = 8

export class ChunkTemplateRead {
  private readonly framer: Framer
  private readonly template: ChunkTemplate
  private readonly decoder: StreamDecoder
  /** What stands around the text; nothing was learnt while `before` is empty. */
  private before = ''
  private after = ''
  /** Bytes of both. */
  private around = 0
  private changes = 0
  /** The framer holds nothing back: these bytes mean what they meant before. */
  private isBetween = false

  constructor(framer: Framer, template: ChunkTemplate, decoder: StreamDecoder) {
    this.framer = framer
    this.decoder = decoder
    this.template = template
  }

  /** The text of a read that differs from the last one learnt in that alone, as a literal in JSON without escapes. */
  cast(bytes: Uint8Array): string | undefined {
    const size = bytes.length - this.around
    // as long as what stands around it: then there may be a second event
    if (!this.isBetween || size < 3 || size > this.around) return undefined
    const literal = between(this.before, asBuffer(bytes).toString('utf8'), this.after)
    if (literal === undefined || !PLAIN.test(literal)) return undefined
    const { decoder } = this
    return decoder.pass === undefined || decoder.pass(literal.slice(1, -1)) ? literal : undefined
  }

  /** Sees a read that was taken apart into events, and decoded. */
  learn(bytes: Uint8Array, events: readonly FramedEvent[]): void {
    const wasBetween = this.isBetween
    this.isBetween = this.framer.isBetween?.() === true
    const [event] = events
    if (!wasBetween || !this.isBetween || this.changes > MOST_CHANGES) return
    if (events.length !== 1 || event?.text === undefined || event.fault) return
    const { template } = this
    if ((template.choice ?? 0) !== 0 || template.cast(event.text, event.name) === undefined) return
    const text = asBuffer(bytes).toString('utf8')
    const at = text.indexOf(event.text)
    if (at < 0) return
    const before = text.slice(0, at) + template.before
    const after = template.after + text.slice(at + event.text.length)
    if (before === this.before && after === this.after) return
    this.changes++
    this.before = before
    this.after = after
    this.around = Buffer.byteLength(before) + Buffer.byteLength(after)
  }
}
