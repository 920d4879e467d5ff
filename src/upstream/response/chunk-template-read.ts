/**
 * Nearly every read of a stream is the one before with another text in one place: one event of the usual kind, framed as
 * before. Then neither the framing nor the event is looked at, and the text is passed on as it stands. Where chunks come one
 * by one, the time goes into memory that no cache holds any more: fewer objects and steps count, more than fewer instructions.
 */
import type { FramedEvent, Framer, StreamDecoder } from '../types.ts'
import { asBuffer } from './framing/whole-lines.ts'
import type { ChunkTemplate } from './chunk-template.ts'
import type { Surroundings } from './surroundings.ts'

/** A string in JSON without escapes: the literal is the text. */
// oxlint-disable-next-line no-control-regex -- JSON forbids them, so what has them is not valid JSON
const PLAIN = /^"[^"\\\u0000-\u001f]+"$/

/** Reads that were framed otherwise than the one before, after which all are: they count something. */
const MOST_CHANGES = 8

export class ChunkTemplateRead {
  private readonly framer: Framer
  private readonly template: ChunkTemplate
  private readonly decoder: StreamDecoder
  /** Of the text in the last read learnt. */
  private around: Surroundings | undefined
  private changes = 0
  /** Characters before and behind the event in such a read, and its name. */
  private before = 0
  private behind = 0
  private name: string | undefined
  /** The last read that was cast. */
  private text = ''
  /** The framer holds nothing back: these bytes mean what they meant before. */
  private isBetween = false

  constructor(framer: Framer, template: ChunkTemplate, decoder: StreamDecoder) {
    this.framer = framer
    this.decoder = decoder
    this.template = template
  }

  /** The text of a read that differs from the last one learnt in that alone, as a literal in JSON without escapes. */
  cast(bytes: Uint8Array): string | undefined {
    const { around } = this
    // twice as long as what stands around it: then there may be a second event
    if (!this.isBetween || around === undefined || bytes.length > 2 * around.size) return undefined
    this.text = asBuffer(bytes).toString('utf8')
    const literal = around.literalIn(this.text)
    if (literal === undefined || !PLAIN.test(literal)) return undefined
    const { decoder } = this
    return decoder.pass === undefined || decoder.pass(literal.slice(1, -1)) ? literal : undefined
  }

  /** The event of the read that was cast. */
  event(): FramedEvent {
    const { text, before, behind, name } = this
    const told = text.slice(before, text.length - behind)
    return name === undefined ? { text: told } : { name, text: told }
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
    const around = template.around?.within(text.slice(0, at), text.slice(at + event.text.length))
    if (around === undefined || around.equals(this.around)) return
    this.changes++
    this.around = around
    this.before = at
    this.behind = text.length - at - event.text.length
    this.name = event.name
  }
}
