/** The body of an answer as deltas, be it a stream or whole. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import { pour, type Flow, type Take } from '../chat/flow.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { ClientAnswer, Format, FramedEvent, StreamDecoder } from './contract.ts'
import { drain, parseJson, readText } from './read-body.ts'

/** Bytes: one event of a stream, an answer that comes whole. */
export interface AnswerBounds {
  event: number
  answer: number
}

export interface AnswerDeltas {
  /** One array a network read. Throws a GatewayError when the stream breaks. */
  deltas: AsyncIterable<Delta[]>
  /** The vendor said that its stream is over. */
  terminated: () => boolean
}

export function answerDeltas(
  answer: ClientAnswer,
  request: ChatRequest,
  format: Format,
  bounds: AnswerBounds,
): AnswerDeltas {
  const end = { seen: false }
  const deltas = isStream(answer, request, format)
    ? streamDeltas(answer, format, format.decoder(request), bounds, end)
    : wholeDeltas(answer, request, format, bounds, end)
  return { deltas, terminated: () => end.seen }
}

const STREAM_TYPES = [
  'text/event-stream',
  'application/x-ndjson',
  'application/vnd.amazon.eventstream',
  'application/stream+json',
]

/** Decided on what the answer says it is, not on what was asked: servers answer errors, or all at once, to a stream request. */
function isStream(answer: ClientAnswer, request: ChatRequest, format: Format): boolean {
  const type = answer.headers['content-type'] ?? ''
  if (STREAM_TYPES.some((each) => type.startsWith(each))) return true
  if (!request.stream || type.startsWith('text/html')) return false
  return !type.startsWith('application/json') || format.streamsJson
}

/** What follows a stream's own end is a few bytes, if anything; a server that sends more loses the connection. */
const MOST_READS = 8

/** Iterated until the answer is committed, and poured from then on: one decoder goes through both. */
function streamDeltas(
  answer: ClientAnswer,
  format: Format,
  decoder: StreamDecoder,
  bounds: AnswerBounds,
  end: { seen: boolean },
): Flow<Delta[]> {
  const framer = format.framing({ maxEvent: bounds.event })
  const reads = answer.body[Symbol.asyncIterator]()
  let drained = false

  function decode(events: FramedEvent[], isLast: boolean): Delta[] {
    const out: Delta[] = []
    for (const event of events) {
      if (decoder.decode(event, out)) end.seen = true
      if (end.seen) break
    }
    if (isLast || end.seen) decoder.end(out)
    return out
  }

  async function* iterate(): AsyncGenerator<Delta[]> {
    try {
      while (!end.seen) {
        const read = await reads.next()
        const out = read.done ? decode(framer.end(), true) : decode(framer.push(read.value), false)
        if (end.seen && !read.done) {
          drained = true
          drain(reads, MOST_READS)
        }
        if (out.length > 0) yield out
        if (read.done) return
      }
    } finally {
      if (!drained) await reads.return?.()
    }
  }

  async function pourOut(take: Take<Delta[]>): Promise<void> {
    if (end.seen) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let after = 0
    const body = pour(answer.body, (bytes) => {
      if (end.seen) {
        if (++after > MOST_READS) throw new GatewayError('cancelled', 'The stream is over; the rest is not read.')
        return undefined
      }
      const out = decode(framer.push(bytes), false)
      const held = out.length > 0 ? take(out) : undefined
      if (end.seen) {
        drained = true
        if (held === undefined) resolve()
        else held.then(resolve, reject)
      }
      return held
    })
    const last = async (): Promise<void> => {
      const out = end.seen ? [] : decode(framer.end(), true)
      if (out.length > 0) await take(out)
    }
    body.then(last).then(resolve, reject)
    return promise
  }

  const iterator = iterate()
  return { [Symbol.asyncIterator]: () => iterator, pour: pourOut }
}

/** One value, once the body is there; without a generator, which would cost more than reading a short answer. */
function wholeDeltas(
  answer: ClientAnswer,
  request: ChatRequest,
  format: Format,
  bounds: AnswerBounds,
  end: { seen: boolean },
): Flow<Delta[]> {
  let isRead = false

  async function next(): Promise<IteratorResult<Delta[], undefined>> {
    if (isRead) return { done: true, value: undefined }
    isRead = true
    const value = decodeWhole(await readText(answer.body, bounds.answer), answer, request, format)
    end.seen = true
    return { done: false, value }
  }

  async function leave(): Promise<IteratorResult<Delta[], undefined>> {
    if (!isRead) await answer.body[Symbol.asyncIterator]().return?.()
    isRead = true
    return { done: true, value: undefined }
  }

  const iterator = { next, return: leave }
  return {
    [Symbol.asyncIterator]: () => iterator,
    async pour(take) {
      const read = await next()
      if (!read.done) await take(read.value)
    },
  }
}

function decodeWhole(text: string, answer: ClientAnswer, request: ChatRequest, format: Format): Delta[] {
  const body = parseJson(text)
  if (body === undefined) {
    const type = answer.headers['content-type'] ?? 'no content type'
    throw new GatewayError(
      'bad_answer',
      `${format.name} answered ${answer.status} with ${type} that is no JSON; check base_url`,
    )
  }
  const isEvents = Array.isArray(body) && body.length !== 1
  if (!isEvents) return format.decodeBody(body, request)
  const decoder = format.decoder(request)
  const out: Delta[] = []
  for (const value of body) decoder.decode({ value }, out)
  decoder.end(out)
  return out
}
