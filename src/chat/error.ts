/** The error that crosses boundaries: of which kind it is, and what is told of it. */
import { KINDS, type KindRule, type ErrorKind } from './error-kind.ts'

export { KINDS, type KindRule, type ErrorKind } from './error-kind.ts'

export interface ErrorDetails {
  /** Overrides the kind's status: the upstream's own, where a client's SDK should see it. */
  status?: number
  type?: string
  code?: string | null
  /** Which field of the request, as a path: `messages[0].content`. */
  param?: string | null
  /** Milliseconds until another try can work. */
  retryAfter?: number
  /** Fields of the request that this upstream cannot take, and without which it may be asked again. */
  leaveOut?: readonly string[] | undefined
  /** Further fields of the error body, such as why each key refused. */
  extra?: Record<string, unknown> | undefined
  /** Of the upstream, where the message names it: no client's business. */
  host?: string
  cause?: unknown
}

/** How far a request had come when it failed. */
export interface Journey {
  /** Of the last try; absent when none was made. */
  provider?: string
  model?: string
  key?: string
  attempts: number
  /** Milliseconds in the queue. */
  waited: number
  /** The longest Retry-After that the client's library obeys, in milliseconds; absent where that is not known. */
  obeys?: number
}

/** The only error that crosses a boundary. Its message says what happened, where, and what to do. */
export class GatewayError extends Error {
  override name = 'GatewayError'
  kind: ErrorKind
  status: number
  type: string
  code: string | null
  param: string | null
  retryAfter?: number
  leaveOut?: readonly string[] | undefined
  extra?: Record<string, unknown>
  journey?: Journey
  host?: string
  /** Instead of the message, for a client that is no administrator. */
  told?: string

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    const depth = Error.stackTraceLimit
    // Where it was made matters of a defect alone; the frames of a refusal cost more than all else that refuses.
    if (kind !== 'internal') Error.stackTraceLimit = 0
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    Error.stackTraceLimit = depth
    const rule: KindRule = KINDS[kind]
    this.kind = kind
    this.status = details.status ?? rule.status
    this.type = details.type ?? rule.type
    this.code = details.code === undefined ? rule.code : details.code
    this.param = details.param ?? null
    this.retryAfter = details.retryAfter
    this.leaveOut = details.leaveOut
    this.extra = details.extra
    this.host = details.host
  }

  get rule(): KindRule {
    return KINDS[this.kind]
  }
}

/** All that a client hears of a fault of this server: the text of one may hold anything. The log has it. */
export const INTERNAL_MESSAGE = 'The gateway failed on this request; its log has the cause.'

/** What a client may hear of an error, in whatever shape. */
export function messageOf({ kind, message, told }: GatewayError): string {
  return kind === 'internal' ? INTERNAL_MESSAGE : (told ?? message)
}

/** OpenAI's error body: what every client of this server sees, in a response or in a stream. */
export function errorBody(error: GatewayError): { error: Record<string, unknown> } {
  return {
    error: { message: messageOf(error), type: error.type, param: error.param, code: error.code, ...error.extra },
  }
}
