/** The body of an answer as deltas, be it a stream or whole. */
import type { Delta } from '../../chat/delta.ts'
import { GatewayError } from '../../chat/error.ts'
import { parseJson } from '../../runtime/json/json.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { AnswerBounds, ClientAnswer, Format, UpstreamDeltas } from '../types.ts'
import { rawDecoder, rawDeltas } from '../native.ts'
import { readText } from '../http/read-body.ts'
import { relayedDeltas } from './relayed-deltas.ts'
import { StreamDeltas } from './stream-deltas.ts'
import { WholeDeltas } from './whole-deltas.ts'

export type { AnswerBounds }

/**
 * Of a whole answer once it is there. Throws a GatewayError when the answer is none or breaks, as the iteration of a stream does.
 * @param isNative the client speaks this wire: what it asked for comes back as it came
 */
export function answerDeltas(
  answer: ClientAnswer,
  request: ChatRequest,
  format: Format,
  bounds: AnswerBounds,
  isNative = false,
): UpstreamDeltas | Promise<UpstreamDeltas> {
  const { embeddings } = format
  if (request.relay) return relayedDeltas(answer, request.relay, format, bounds, format.decoder(request))
  if (request.embeddings && embeddings)
    return readText(answer.body, bounds.answer).then((text) => new WholeDeltas(embeddings.decode(answer, text)))
  if (isStream(answer, request, format)) {
    const decoder = format.decoder(request)
    const framer = format.framing({ maxEvent: bounds.event })
    const read = isNative && request.stream ? rawDecoder(decoder) : decoder
    return new StreamDeltas(answer.body, framer, read, answer.silence)
  }
  return readText(answer.body, bounds.answer).then((text) => {
    const deltas = decodeWhole(text, answer, request, format, isNative && request.stream)
    return new WholeDeltas(isNative && !request.stream ? rawDeltas(deltas, text, request) : deltas)
  })
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

/** @param raw the events of a list are carried */
function decodeWhole(text: string, answer: ClientAnswer, request: ChatRequest, format: Format, raw: boolean): Delta[] {
  const body = parseJson(text)
  if (body === undefined) {
    const type = answer.headers['content-type'] ?? 'no content type'
    throw new GatewayError(
      'bad_answer',
      `${format.name} answered ${answer.status} with ${type} that is not valid JSON, or nested too deep; check base_url`,
    )
  }
  const isEvents = Array.isArray(body) && body.length !== 1
  if (!isEvents) return format.decodeBody(body, request)
  const decoder = raw ? rawDecoder(format.decoder(request)) : format.decoder(request)
  const out: Delta[] = []
  for (const value of body) decoder.decode({ value }, out)
  decoder.end(out)
  return out
}
