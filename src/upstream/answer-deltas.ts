/** The body of an answer as deltas, be it a stream or whole. */
import type { AnswerFlow, AnswerSink } from '../chat/answer-flow.ts'
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import { pourInto } from '../chat/flow.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { ClientAnswer, Format } from './contract.ts'
import { parseJson, readText } from './read-body.ts'
import { StreamDeltas } from './stream-deltas.ts'

/** Bytes: one event of a stream, an answer that comes whole. */
export interface AnswerBounds {
  event: number
  answer: number
}

export interface AnswerDeltas {
  /** One array a network read. Throws a GatewayError when the stream breaks. */
  deltas: AnswerFlow
  /** The vendor said that its stream is over. */
  terminated: () => boolean
}

export function answerDeltas(
  answer: ClientAnswer,
  request: ChatRequest,
  format: Format,
  bounds: AnswerBounds,
): AnswerDeltas {
  if (!isStream(answer, request, format)) return wholeDeltas(answer, request, format, bounds)
  const deltas = new StreamDeltas(answer.body, format.framing({ maxEvent: bounds.event }), format.decoder(request))
  return { deltas, terminated: () => deltas.isTerminated }
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

/** One value, once the body is there; without a generator, which would cost more than reading a short answer. */
function wholeDeltas(answer: ClientAnswer, request: ChatRequest, format: Format, bounds: AnswerBounds): AnswerDeltas {
  let isRead = false
  let isWhole = false

  async function next(): Promise<IteratorResult<Delta[], undefined>> {
    if (isRead) return { done: true, value: undefined }
    isRead = true
    const value = decodeWhole(await readText(answer.body, bounds.answer), answer, request, format)
    isWhole = true
    return { done: false, value }
  }

  async function leave(): Promise<IteratorResult<Delta[], undefined>> {
    if (!isRead) await answer.body[Symbol.asyncIterator]().return?.()
    isRead = true
    return { done: true, value: undefined }
  }

  function pour(into: AnswerSink): void {
    if (isRead) into.end()
    else pourInto({ [Symbol.asyncIterator]: () => iterator }, into)
  }

  const iterator = { next, return: leave }
  return { deltas: { [Symbol.asyncIterator]: () => iterator, pour }, terminated: () => isWhole }
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
