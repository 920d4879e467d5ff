/** One try: encode, authorise, send, frame, decode. Which key is used, and what happens after a fault, is decided elsewhere. */
import { GatewayError } from '../chat/error.ts'
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Signal } from '../scheduler/contract.ts'
import type {
  Client,
  ClientAnswer,
  Format,
  Secret,
  StreamDecoder,
  Target,
  Timeouts,
  UpstreamRequest,
} from './contract.ts'
import { drain, readText } from './read-body.ts'

export interface AttemptContext {
  client: Client
  timeouts: Timeouts
  signal: AbortSignal
  /** Milliseconds since the epoch. */
  now: () => number
  /** Hears what each answer says of limits, good or bad, before anything else is made of it. */
  observe: (signals: Signal[]) => void
  /** The head of the answer came. */
  started: () => void
}

export interface AttemptAnswer {
  /** One array a network read. Throws a GatewayError when the stream breaks. */
  deltas: AsyncIterable<Delta[]>
  warnings: string[]
  /** The vendor said that its stream is over. */
  terminated: () => boolean
}

/** Bytes of a whole answer, and of an error that is read for its message. */
const MOST_BODY = 64 * 1024 * 1024
const MOST_ERROR = 256 * 1024

/** Throws a GatewayError for every answer that is none. */
export async function attempt(
  request: ChatRequest,
  format: Format,
  target: Target,
  context: AttemptContext,
): Promise<AttemptAnswer> {
  const { request: unsigned, warnings } = format.encode(request, target)
  const signed = await authorize(unsigned, format, target.secret, context)
  const answer = await context.client.send(signed, { signal: context.signal, timeouts: context.timeouts })
  context.started()
  if (answer.status < 200 || answer.status > 299) throw await readError(answer, format, context)
  context.observe(format.signals(answer, undefined, context.now()))
  const end = { seen: false }
  const deltas = isStream(answer, request, format)
    ? streamDeltas(answer, format, format.decoder(request), end)
    : wholeDeltas(answer, request, format, end)
  return { deltas, warnings, terminated: () => end.seen }
}

async function authorize(
  request: UpstreamRequest,
  format: Format,
  secret: Secret,
  context: AttemptContext,
): Promise<UpstreamRequest> {
  if (!format.authorize) return request
  return format.authorize(request, {
    secret,
    now: context.now(),
    fetch: async (exchange) => {
      const answer = await context.client.send(exchange, { signal: context.signal, timeouts: context.timeouts })
      return { status: answer.status, body: await readText(answer.body, MOST_ERROR) }
    },
  })
}

async function readError(answer: ClientAnswer, format: Format, context: AttemptContext): Promise<GatewayError> {
  // an error whose body breaks off is still that error
  const text = await readText(answer.body, MOST_ERROR).catch(() => '')
  context.observe(format.signals(answer, parse(text), context.now()))
  if (answer.status < 400) {
    return new GatewayError(
      'bad_answer',
      `${format.name} answered ${answer.status}; a redirect is not followed, check base_url`,
    )
  }
  return format.decodeError(answer, text)
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
  end: { seen: boolean },
): AsyncGenerator<Delta[]> {
  const framer = format.framing()
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
  end: { seen: boolean },
): AsyncGenerator<Delta[]> {
  const text = await readText(answer.body, MOST_BODY)
  const body = parse(text)
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
