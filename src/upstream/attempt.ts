/** One try: encode, authorise, send, frame, decode. Which key is used, and what happens after a fault, is decided elsewhere. */
import { createCanceller, type Cancellation } from '../runtime/cancellation.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../chat/error.ts'
import { parseJson } from '../runtime/json/json.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { LimitSignal } from '../scheduler/types.ts'
import { answerDeltas, type AnswerBounds } from './response/answer-deltas.ts'
import { cancelledFault } from './http/connection-errors.ts'
import type {
  Client,
  ClientAnswer,
  Encoded,
  FollowUp,
  Format,
  Secret,
  Target,
  Timeouts,
  UpstreamDeltas,
  UpstreamRequest,
} from './types.ts'
import type { MediaFetcher } from './media/fetch-media.ts'
import { inlineMedia, namesFiles } from './media/inline-media.ts'
import { readText } from './http/read-body.ts'
import { withPathAdvice } from './wrong-path.ts'

export interface AttemptContext {
  client: Client
  /** Absent: what clients name by URL is not fetched. */
  media?: MediaFetcher
  timeouts: Timeouts
  bounds?: AnswerBounds
  signal: Cancellation
  /** Milliseconds since the epoch. */
  now: () => number
  /** From here on the vendor may have seen the request. */
  sent?: () => void
  /** Hears what each answer says of limits, good or bad, before anything else is made of it. */
  observe: (signals: LimitSignal[]) => void
  /** The head of a good answer came; a refusal is told by the error alone. */
  started: () => void
}

export interface AttemptAnswer {
  deltas: UpstreamDeltas
  /** Of the answer, names in lower case. */
  headers: Record<string, string>
  warnings: string[]
}

const BOUNDS: AnswerBounds = { event: 64 * 1024 * 1024, answer: 64 * 1024 * 1024 }
/** Bytes of an error that is read for its message. */
const MOST_ERROR = 256 * 1024
/** Milliseconds that a token exchange may take; it serves all who wait for the token, so no client's limits apply. */
const EXCHANGE = { connect: 10_000, first_byte: 30_000, idle: 30_000, total: 60_000 }

/**
 * Throws a GatewayError for every answer that is none. What a model cannot do and may be left out is left out, once, with a
 * warning: the upstream has refused, so nothing is paid for twice.
 */
export async function attempt(
  request: ChatRequest,
  format: Format,
  target: Target,
  context: AttemptContext,
): Promise<AttemptAnswer> {
  try {
    return await ask(request, format, target, context)
  } catch (cause) {
    const fields =
      cause instanceof GatewayError ? cause.leaveOut?.filter((field) => isAsked(request, field)) : undefined
    if (!fields || fields.length === 0) throw cause
    const answer = await ask(withoutFields(request, fields), format, target, context)
    answer.warnings.unshift(`${fields.join(', ')}: ${target.model} cannot do this, left out`)
    return answer
  }
}

function isAsked(request: ChatRequest, field: string): boolean {
  return Reflect.get(request, field) !== undefined || request.body[field] !== undefined
}

function withoutFields(request: ChatRequest, fields: readonly string[]): ChatRequest {
  const left = { ...request, body: { ...request.body }, received: undefined, native: undefined }
  for (const field of fields) {
    Reflect.deleteProperty(left, field)
    delete left.body[field]
  }
  return left
}

async function ask(
  request: ChatRequest,
  format: Format,
  target: Target,
  context: AttemptContext,
): Promise<AttemptAnswer> {
  const { media, signal } = context
  const fetches = media !== undefined && format.fetchMedia.size > 0
  const native = nativeWire(request, format, target.model, fetches)
  const insists = request.needs_native ?? (format.handsOn ? undefined : request.prefers_native)
  if (!native && insists !== undefined)
    throw new GatewayError('unsupported', `${format.name} cannot do this: ${insists}, by ${whom(request)}.`)
  const prepared = fetches && !native ? await inlineMedia(request, format.fetchMedia, media, signal) : request
  const { request: unsigned, warnings } =
    besideChat(request, format, target) ?? (native ? native(target) : format.encode(prepared, target))
  const { authorize } = format
  let answer = await send(
    authorize ? await signed(unsigned, authorize, target.secret, context, false) : unsigned,
    context,
  )
  if (!isGood(answer)) {
    const refusal = (): Promise<GatewayError> =>
      readError(answer, format, context, { request, target, url: unsigned.url })
    const error = await refusal()
    // the token may have been taken back before its time: a new one decides whether the key is bad
    if (error.kind !== 'authentication' || !authorize) throw error
    answer = await send(await signed(unsigned, authorize, target.secret, context, true), context)
    if (!isGood(answer)) throw await refusal()
  }
  context.started()
  context.observe(format.signals(answer, undefined, context.now()))
  if (format.follow)
    answer = await followed(answer, format.follow, unsigned, request.stream, format, target.secret, context)
  const deltas = answerDeltas(answer, request, format, context.bounds ?? BOUNDS, native !== undefined)
  if (!native && prepared.losses) warnings.unshift(...prepared.losses)
  return { deltas: deltas instanceof Promise ? await deltas : deltas, headers: answer.headers, warnings }
}

/** What others would leave out tells a client what it is about. */
function whom({ losses = [] }: ChatRequest): string {
  const told = losses.slice(0, MOST_LOSSES).join('; ')
  return `an upstream of the same API${told === '' ? '' : ` (${told})`}`
}

const MOST_LOSSES = 3

/** How to send a request as it came, where the client speaks the vendor's own wire and nothing must be fetched for it. */
function nativeWire(
  request: ChatRequest,
  { native: wire, fetchMedia }: Format,
  model: string,
  fetches: boolean,
): ((target: Target) => Encoded) | undefined {
  const { native } = request
  if (!native || wire?.api !== native.api || (fetches && namesFiles(request, fetchMedia))) return undefined
  // what can go no other way is for the vendor to refuse
  if (!wire.fits(model) && (request.needs_native === undefined || request.in_parts === true)) return undefined
  if (native.operation !== undefined && !wire.operations.has(native.operation)) return undefined
  return (target) => wire.encode({ ...request, native }, target)
}

/** What else than a chat is asked for. Throws a GatewayError `unsupported` where the vendor does not have it. */
function besideChat(request: ChatRequest, format: Format, target: Target): Encoded | undefined {
  const { embeddings, relay } = request
  if (relay) {
    if (format.relays?.operations.has(relay.operation)) return format.relays.encode({ ...request, relay }, target)
    throw new GatewayError(
      'unsupported',
      `${format.name} has no /v1/${relay.operation}; choose a model of another provider`,
    )
  }
  if (!embeddings) return undefined
  if (format.embeddings) return format.embeddings.encode({ ...request, embeddings }, target)
  throw new GatewayError('unsupported', `${format.name} gives no embeddings; choose a model of another provider`)
}

function isGood(answer: ClientAnswer): boolean {
  return answer.status >= 200 && answer.status <= 299
}

function send(request: UpstreamRequest, context: AttemptContext): Promise<ClientAnswer> {
  context.sent?.()
  return context.client.send(request, context)
}

/** The answer at the end of the steps that the vendor's first one leads through. */
async function followed(
  first: ClientAnswer,
  follow: FollowUp,
  unsigned: UpstreamRequest,
  stream: boolean,
  format: Format,
  secret: Secret,
  context: AttemptContext,
): Promise<ClientAnswer> {
  let answer = first
  for (;;) {
    if (!(answer.headers['content-type'] ?? '').startsWith('application/json')) return answer
    const text = await readText(answer.body, (context.bounds ?? BOUNDS).answer)
    const next = follow(parseJson(text), stream, unsigned)
    if (!next) return { ...answer, body: once(text) }
    if (next.wait > 0) await orCancelled(delay(next.wait), context.signal)
    const { authorize } = format
    answer = await send(
      authorize ? await signed(next.request, authorize, secret, context, false) : next.request,
      context,
    )
    if (!isGood(answer)) throw await readError(answer, format, context)
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function signed(
  request: UpstreamRequest,
  authorizer: NonNullable<Format['authorize']>,
  secret: Secret,
  context: AttemptContext,
  renew: boolean,
): Promise<UpstreamRequest> {
  const given = authorizer(request, {
    secret,
    now: context.now(),
    renew,
    fetch: async (exchange) => {
      const answer = await context.client.send(exchange, { signal: UNTIL_ITS_TIME, timeouts: EXCHANGE })
      return { status: answer.status, body: await readText(answer.body, MOST_ERROR) }
    },
  })
  return given instanceof Promise ? orCancelled(given, context.signal).catch(throwOwn) : given
}

/** Others may wait for the same token, and what became of each request is written on its fault. */
function throwOwn(cause: unknown): never {
  throw cause instanceof GatewayError ? new GatewayError(cause.kind, cause.message, cause) : cause
}

/** A token exchange goes on for others when the client that began it leaves. */
const UNTIL_ITS_TIME = createCanceller()

/** Does not wait any longer than the signal lets it; the work itself goes on. */
function orCancelled<T>(work: Promise<T>, signal: Cancellation): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(cancelledFault(signal))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

async function readError(
  answer: ClientAnswer,
  format: Format,
  context: AttemptContext,
  sent?: { request: ChatRequest; target: Target; url: string },
): Promise<GatewayError> {
  // an error whose body breaks off is still that error
  const text = await readText(answer.body, MOST_ERROR).catch(() => '')
  context.observe(format.signals(answer, parseJson(text), context.now()))
  if (answer.status < 400) {
    return new GatewayError(
      'bad_answer',
      `${format.name} answered ${answer.status}; a redirect is not followed, check base_url`,
    )
  }
  const error = format.decodeError(answer, text)
  if (!sent) return error
  if (!sent.request.relay) return withPathAdvice(error, answer.status, sent.url, sent.target)
  // not each server has each path: whatever it says of it, another may
  if (answer.status === NOT_FOUND && error.rule.retry === 'never')
    return new GatewayError('not_found', error.message, { type: error.type, code: null })
  return error
}

const NOT_FOUND = 404
