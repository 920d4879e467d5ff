/** How one vendor is called: the types between a definition, its named components and the attempt. */
import type { AnswerSource } from '../chat/answer-source.ts'
import type { Cancellation } from '../runtime/cancellation.ts'
import type { ChatRequest, EmbeddingsRequest, NativeRequest, RelayRequest } from '../chat/request.ts'
import type { Delta } from '../chat/delta.ts'
import type { GatewayError } from '../chat/error.ts'
import type { ChunkTemplate } from './response/chunk-template.ts'
import type { TokenRules } from './format/token-rules.ts'
import type { Prefix } from './request/assistant-prefix.ts'
import type { LimitSignal } from '../scheduler/types.ts'

export type { Prefix }

/** A key's secret: one string, or the named parts of a compound credential. */
export type Secret = string | Record<string, string>

export interface UpstreamRequest {
  method: string
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
  body: string | Uint8Array
  /** Instead of a body: one that is long, and would be copied only to be sent. */
  pieces?: readonly Uint8Array[]
}

/** What the body of a stream is cut into: `data` as text or as the JSON value that the framing had to parse anyway. */
export interface FramedEvent {
  /** SSE `event:` field or the frame's event type. */
  name?: string
  /** Text that is still to be parsed as JSON. */
  text?: string
  /** A value that is parsed already. */
  value?: unknown
  /** The framing itself says that this is an error, whatever the vendor's JSON: `name` is its type. */
  fault?: true
}

/** Bytes in, events out, synchronously; keeps its own remainder between calls. */
export interface Framer {
  push(bytes: Uint8Array): FramedEvent[]
  /** The body ended: what was still open is given out, or an error is thrown when a frame was cut. */
  end(): FramedEvent[]
  /** Nothing of what came is held back: bytes that came before give the same events again. Absent: nobody can say. */
  isBetween?(): boolean
}

export interface FramingOptions {
  /** Bytes that one event may have. */
  maxEvent?: number
  /** Key of the payload whose value, in base64, is the event's own JSON (`aws-event-stream`). */
  unwrap?: string
}

/** Made once per stream. */
export type Framing = (options?: FramingOptions) => Framer

export interface AuthorizeContext {
  secret: Secret
  /** Milliseconds since the epoch. */
  now: number
  /** The vendor refused the token of the last try: a new one is to be had. */
  renew?: boolean
  /**
   * For token exchanges: sends a request and gives status and body. Not tied to one request's signal: all who need the
   * token wait for the same call.
   */
  fetch: (request: UpstreamRequest) => Promise<{ status: number; body: string }>
}

/**
 * Signs the finished request; made once per provider with the options that stand in the YAML. A plain header is no
 * authorizer: the definition writes it with `$key`.
 */
export type Authorizer = (
  request: UpstreamRequest,
  context: AuthorizeContext,
) => UpstreamRequest | Promise<UpstreamRequest>

export type AuthorizerFactory = (options: Record<string, unknown>) => Authorizer

export interface Target {
  base_url: string
  /** The upstream's name for the model. */
  model: string
  /** The most tokens that it gives, where the configuration says so. */
  max_output?: number
  /** Whether it takes pictures, where the configuration says so. */
  vision?: boolean
  secret: Secret
  /** The provider's own headers. */
  headers: Record<string, string>
}

export interface Encoded {
  request: UpstreamRequest
  /** What the vendor cannot do and was left out, one sentence each. */
  warnings: string[]
}

/** Reads one stream; made once per answer because some stream transforms remember. */
export interface StreamDecoder {
  /** Appends the event's deltas to `out`; true when the vendor said that nothing follows. */
  decode(event: FramedEvent, out: Delta[]): boolean
  /** The stream ended: stream transforms give out what they held back. */
  end(out: Delta[]): void
  /** Where it tells the usual event without parsing it, how. */
  template?: ChunkTemplate
  /** Takes a text that the template told, where stream transforms give it on as it is; false: the event is to be decoded. */
  pass?(text: string): boolean
  /** Do its deltas carry the events that told them? */
  carries?(): boolean
}

export interface UpstreamAnswer {
  status: number
  headers: Record<string, string>
}

export interface NextStep {
  request: UpstreamRequest
  /** Milliseconds before it is sent. */
  wait: number
}

/** The step after a JSON answer; nothing when that answer is the real one. Throws a GatewayError for a foreign URL. */
export type FollowUp = (body: unknown, stream: boolean, first: UpstreamRequest) => NextStep | undefined

/** Iterated until the answer is committed, and piped from then on. */
export interface UpstreamDeltas extends AnswerSource, AsyncIterator<Delta[], undefined> {
  return(): Promise<IteratorReturnResult<undefined>>
  /** The answer is over whether or not it gave a reason to stop: it came whole. */
  readonly isTerminated: boolean
  /** A stream of no bytes at all. */
  readonly isVoid?: boolean
  /** All of an answer that came whole, which is not given again; undefined of a stream. */
  takeWhole(): Delta[] | undefined
}

/** Bytes: one event of a stream, an answer that comes whole. */
export interface AnswerBounds {
  event: number
  answer: number
}

/** What a definition says under `native`. */
export interface NativeWire {
  /** The client API that this wire is. */
  api: string
  /** Whether this model speaks it, by its upstream name. */
  fits(model: string): boolean
  /** What else than answers it gives: `count_tokens`. */
  operations: ReadonlySet<string>
  encode(request: ChatRequest & { native: NativeRequest }, target: Target): Encoded
}

/** How a vendor is asked for vectors. */
export interface EmbeddingsWire {
  /** Takes as many of the texts as the vendor takes at once, the first ones. Throws a GatewayError `unsupported`. */
  encode(request: ChatRequest & { embeddings: EmbeddingsRequest }, target: Target): Encoded
  /** One delta with the vectors. Throws a GatewayError when the answer has none. */
  decode(answer: UpstreamAnswer, text: string): Delta[]
}

/** How a vendor is asked for what is no chat. */
export interface RelayWire {
  operations: ReadonlySet<string>
  encode(request: ChatRequest & { relay: RelayRequest }, target: Target): Encoded
}

/** What a vendor says of one of its models; what it does not say is absent. */
export interface ListedModel {
  id: string
  /** Tokens. */
  context?: number
  max_output?: number
  tools?: boolean
  vision?: boolean
  json_schema?: boolean
  /** The vendor's own word: `active`, `deprecated`, `retired`. */
  lifecycle?: string
  /** The day on which it ends, as the vendor writes it. */
  retires?: string
  /** Values that the traits of its definition should have. */
  traits?: Record<string, unknown>
}

/** How a vendor is asked which models it has. */
export interface ModelListWire {
  /** @param page a path that the page before gave */
  encode(target: Target, page?: string): UpstreamRequest
  /** Undefined where the answer is no list. */
  decode(body: unknown): { models: ListedModel[]; next?: string } | undefined
}

/** One compiled definition. */
export interface Format {
  name: string
  /** Throws a GatewayError of kind `unsupported` for what the vendor cannot do and must not be dropped. */
  encode(request: ChatRequest, target: Target): Encoded
  /** Where this wire is a client API: how a request of that API is sent as it came. */
  native?: NativeWire
  /** Where the vendor gives vectors. */
  embeddings?: EmbeddingsWire
  /** What goes there as it came. */
  relays?: RelayWire
  /** Where the vendor tells which models it has. */
  modelList?: ModelListWire
  /** What the definition says of a model, by its upstream name. */
  traits(model: string): Readonly<Record<string, unknown>>
  /** How the vendor counts what is no English text, by the upstream's name for the model; absent: it does not say. */
  tokens?: (model: string) => TokenRules
  /** Whether, and how, this model goes on from a last message of the assistant. */
  prefix(model: string): Prefix
  /** Parts of which the vendor takes bytes only, no URLs. */
  fetchMedia: ReadonlySet<'image' | 'file'>
  /** The client's messages go on in OpenAI's own form, maybe to a server that asks another vendor in turn. */
  handsOn: boolean
  framing: Framing
  /** Its streams call themselves JSON, so the content type does not tell a stream from a whole answer. */
  streamsJson: boolean
  authorize?: Authorizer
  /** The next request, where an answer only says where the real one is; see follow-up-request.ts. */
  follow?: FollowUp
  decoder(request: ChatRequest): StreamDecoder
  /** A whole answer as deltas; a body that is an error in disguise gives a delta with `error`. */
  decodeBody(body: unknown, request: ChatRequest): Delta[]
  /** An answer that is not 2xx, or an error that a 200 carried. */
  decodeError(answer: UpstreamAnswer, body: string): GatewayError
  /** What headers (and, of an error, the body) say of limits. */
  signals(answer: UpstreamAnswer, body: unknown, now: number): LimitSignal[]
}

/** Milliseconds, per phase of a request; 0 is no limit. */
export interface Timeouts {
  connect: number
  first_byte: number
  idle: number
  total: number
  /** Of an answer that comes whole: from the request to its end, instead of `first_byte` and `idle`. */
  answer?: number
}

/** How long an upstream may say nothing, for a reader that knows what says something. */
export interface Silence {
  /** From now on only `progress` ends it: until then what is left of `first_byte` runs, then `idle` anew each time. */
  judge(): void
  progress(): void
}

export interface ClientAnswer extends UpstreamAnswer {
  body: AsyncIterable<Uint8Array>
  /** Absent where nobody keeps time. */
  silence?: Silence
}

export interface Client {
  /** Throws a GatewayError of kind connection, timeout or cancelled; so does reading the body, or broken_stream. */
  send(request: UpstreamRequest, options: { signal: Cancellation; timeouts: Timeouts }): Promise<ClientAnswer>
  close(): Promise<void>
}
