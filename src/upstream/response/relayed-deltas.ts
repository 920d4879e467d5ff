/** An answer that is no chat, as it came: JSON whole, events one by one, anything else as its bytes. */
import type { AnswerSink } from '../../chat/answer-source.ts'
import { tokenCount, usageIn } from '../../chat/chunk-usage.ts'
import { wireUsage } from '../../chat/token-counts.ts'
import type { Delta } from '../../chat/delta.ts'
import { GatewayError } from '../../chat/error.ts'
import type { RelayRequest } from '../../chat/request.ts'
import { pipeInto } from '../../runtime/push-source.ts'
import { parseJson } from '../../runtime/json/json.ts'
import { isMap } from '../../definition/scope.ts'
import { readText } from '../http/read-body.ts'
import type { AnswerBounds, ClientAnswer, Format, StreamDecoder, UpstreamDeltas } from '../types.ts'
import { sse } from './framing/sse.ts'
import { StreamDeltas } from './stream-deltas.ts'
import { WholeDeltas } from './whole-deltas.ts'

/** @param faults finds an error that came under status 200 */
export function relayedDeltas(
  answer: ClientAnswer,
  { operation }: RelayRequest,
  { name }: Format,
  bounds: AnswerBounds,
  faults: StreamDecoder,
): UpstreamDeltas | Promise<UpstreamDeltas> {
  const type = answer.headers['content-type'] ?? ''
  if (type.startsWith('text/html'))
    throw new GatewayError('bad_answer', `${name} answered ${answer.status} with a page (${type}); check base_url`)
  if (type.startsWith('text/event-stream')) {
    const decoder = new EventDecoder(operation, type, faults)
    return new StreamDeltas(answer.body, sse({ maxEvent: bounds.event }), decoder, answer.silence)
  }
  if (!/^application\/([\w.-]+\+)?json\b/.test(type)) return new ByteDeltas(answer, operation, type)
  return readText(answer.body, bounds.answer).then(
    (text) => new WholeDeltas(wholeJson(text, operation, type, name, faults)),
  )
}

function wholeJson(text: string, operation: string, type: string, name: string, faults: StreamDecoder): Delta[] {
  const body = parseJson(text)
  if (body === undefined)
    throw new GatewayError('bad_answer', `${name} answered with ${type} that is not valid JSON; check base_url`)
  const fault = faultOf(body, faults)
  return [fault ?? { other: operation, raw: { text }, media: { type }, ...usageOf(body), finish_reason: 'stop' }]
}

/** Servers that fail behind the head of an answer say so in their chats' words. */
function faultOf(value: unknown, faults: StreamDecoder): Delta | undefined {
  if (!isMap(value) || (value['error'] === undefined && value['type'] !== 'error')) return undefined
  const out: Delta[] = []
  faults.decode({ value }, out)
  return out.find(({ error }) => error !== undefined)
}

/** Of an answer, or of its last event: in the names of chats, or in those of responses. */
function usageOf(value: unknown): Pick<Delta, 'usage'> {
  const usage = isMap(value) ? usageIn(value) : undefined
  if (!isMap(usage)) return {}
  const read = tokenCount(usage['prompt_tokens'] ?? usage['input_tokens'] ?? usage['total_tokens'])
  const written = tokenCount(usage['completion_tokens'] ?? usage['output_tokens'])
  if (read === undefined && written === undefined) return {}
  return { usage: { ...wireUsage(usage), prompt_tokens: read ?? 0, completion_tokens: written ?? 0 } }
}

/** Events of which more must follow. */
const UNFINISHED = /[._](delta|partial_image)$/

class EventDecoder implements StreamDecoder {
  private readonly operation: string
  private readonly media: { type: string }
  private readonly faults: StreamDecoder
  private isFirst = true
  private last = ''

  constructor(operation: string, type: string, faults: StreamDecoder) {
    this.operation = operation
    this.media = { type }
    this.faults = faults
  }

  decode(event: Parameters<StreamDecoder['decode']>[0], out: Delta[]): boolean {
    const isEnd = event.text?.trim() === '[DONE]'
    const value = isEnd ? undefined : parseJson(event.text ?? '')
    const fault = faultOf(value, this.faults)
    if (fault) out.push(fault)
    else out.push({ other: this.operation, raw: event, ...usageOf(value), ...(this.isFirst && { media: this.media }) })
    this.isFirst = false
    this.last = isMap(value) && typeof value['type'] === 'string' ? value['type'] : ''
    return isEnd
  }

  /** The connection ends the stream, where the last event was no piece of something. */
  end(out: Delta[]): void {
    if (!this.isFirst && !UNFINISHED.test(this.last)) out.push({ finish_reason: 'stop' })
  }
}

/** Bytes read by read; the body throws where it breaks off. */
class ByteDeltas implements UpstreamDeltas {
  isTerminated = false
  private readonly reads: AsyncIterator<Uint8Array>
  private readonly operation: string
  private media: { type: string; length?: number } | undefined
  /** A text of nothing is an answer: nobody said a word. A sound of nothing is none. */
  private mayBeEmpty: boolean

  constructor({ body, headers }: ClientAnswer, operation: string, type: string) {
    this.reads = body[Symbol.asyncIterator]()
    this.operation = operation
    const length = Number(headers['content-length'] ?? NaN)
    this.media = { type: type || 'application/octet-stream', ...(Number.isInteger(length) && { length }) }
    this.mayBeEmpty = type.startsWith('text/')
  }

  takeWhole(): undefined {
    return undefined
  }

  async next(): Promise<IteratorResult<Delta[], undefined>> {
    if (this.isTerminated) return { done: true, value: undefined }
    const read = await this.reads.next()
    if (read.done) this.isTerminated = true
    if (read.done && !this.mayBeEmpty) return { done: true, value: undefined }
    this.mayBeEmpty = false
    const delta: Delta = { other: this.operation, raw: { bytes: read.value ?? Buffer.alloc(0) } }
    if (this.media) delta.media = this.media
    this.media = undefined
    return { done: false, value: [delta] }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.isTerminated) await this.reads.return?.()
    this.isTerminated = true
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  pushTo(into: AnswerSink): void {
    pipeInto({ [Symbol.asyncIterator]: () => this }, into)
  }
}
