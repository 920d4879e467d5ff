/** The body of an answer as deltas, be it a stream or whole. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { ClientAnswer, Format, StreamDecoder } from './contract.ts'
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

async function* streamDeltas(
  answer: ClientAnswer,
  format: Format,
  decoder: StreamDecoder,
  bounds: AnswerBounds,
  end: { seen: boolean },
): AsyncGenerator<Delta[]> {
  const framer = format.framing({ maxEvent: bounds.event })
  const reads = answer.body[Symbol.asyncIterator]()
  let drained = false
  try {
    while (true) {
      const read = await reads.next()
      const out: Delta[] = []
      for (const event of read.done ? framer.end() : framer.push(read.value)) {
        if (decoder.decode(event, out)) end.seen = true
        if (end.seen) break
      }
      if (read.done || end.seen) decoder.end(out)
      if (end.seen && !read.done) {
        drained = true
        drain(reads)
      }
      if (out.length > 0) yield out
      if (read.done || end.seen) return
    }
  } finally {
    if (!drained) await reads.return?.()
  }
}

async function* wholeDeltas(
  answer: ClientAnswer,
  request: ChatRequest,
  format: Format,
  bounds: AnswerBounds,
  end: { seen: boolean },
): AsyncGenerator<Delta[]> {
  const text = await readText(answer.body, bounds.answer)
  const body = parseJson(text)
  if (body === undefined) {
    const type = answer.headers['content-type'] ?? 'no content type'
    throw new GatewayError(
      'bad_answer',
      `${format.name} answered ${answer.status} with ${type} that is no JSON; check base_url`,
    )
  }
  const isEvents = Array.isArray(body) && body.length !== 1
  if (!isEvents) yield format.decodeBody(body, request)
  else {
    const decoder = format.decoder(request)
    const out: Delta[] = []
    for (const value of body) decoder.decode({ value }, out)
    decoder.end(out)
    yield out
  }
  end.seen = true
}
