/** The one catalogue of what can go wrong: each kind says its status, whether another try may help, and whom to blame. */

export interface KindRule {
  /** HTTP status that the client sees when the fault itself brought none that fits. */
  status: number
  /** OpenAI's `error.type`. */
  type: string
  /** OpenAI's `error.code`; null where OpenAI has none. */
  code: string | null
  /** May another key, or another provider, answer the same request? */
  retry: 'never' | 'provider' | 'key'
  /** What the fault says about the key: nothing, a limit was met, it is dead, or its upstream is ill. */
  blame: 'none' | 'limit' | 'dead' | 'ill'
}

export const KINDS = {
  invalid_request: { status: 400, type: 'invalid_request_error', code: null, retry: 'never', blame: 'none' },
  context_length: {
    status: 400,
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
    retry: 'never',
    blame: 'none',
  },
  content_policy: {
    status: 400,
    type: 'invalid_request_error',
    code: 'content_policy_violation',
    retry: 'never',
    blame: 'none',
  },
  unsupported: {
    status: 400,
    type: 'invalid_request_error',
    code: 'unsupported_parameter',
    retry: 'never',
    blame: 'none',
  },
  client_authentication: {
    status: 401,
    type: 'authentication_error',
    code: 'invalid_api_key',
    retry: 'never',
    blame: 'none',
  },
  /** What the client's key does not open. */
  client_permission: {
    status: 403,
    type: 'permission_error',
    code: 'model_not_allowed',
    retry: 'never',
    blame: 'none',
  },
  authentication: { status: 401, type: 'authentication_error', code: 'invalid_api_key', retry: 'key', blame: 'dead' },
  permission: { status: 403, type: 'permission_error', code: null, retry: 'key', blame: 'dead' },
  unknown_model: { status: 404, type: 'invalid_request_error', code: 'model_not_found', retry: 'never', blame: 'none' },
  not_found: { status: 404, type: 'invalid_request_error', code: 'model_not_found', retry: 'provider', blame: 'none' },
  conflict: { status: 409, type: 'invalid_request_error', code: null, retry: 'key', blame: 'none' },
  too_large: { status: 413, type: 'invalid_request_error', code: 'request_too_large', retry: 'never', blame: 'none' },
  unprocessable: { status: 422, type: 'invalid_request_error', code: null, retry: 'never', blame: 'none' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', retry: 'key', blame: 'limit' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', retry: 'key', blame: 'dead' },
  queue_full: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', retry: 'never', blame: 'none' },
  overloaded: { status: 503, type: 'server_error', code: 'overloaded', retry: 'key', blame: 'ill' },
  server_error: { status: 502, type: 'server_error', code: null, retry: 'key', blame: 'ill' },
  timeout: { status: 504, type: 'timeout_error', code: 'timeout', retry: 'key', blame: 'ill' },
  /** Its whole time was over while the answer was being made: another try would pay for it anew. */
  late_answer: { status: 504, type: 'timeout_error', code: 'timeout', retry: 'never', blame: 'ill' },
  connection: { status: 502, type: 'server_error', code: 'upstream_unreachable', retry: 'key', blame: 'ill' },
  bad_answer: { status: 502, type: 'server_error', code: 'bad_upstream_answer', retry: 'key', blame: 'ill' },
  empty_answer: { status: 502, type: 'server_error', code: 'empty_upstream_answer', retry: 'key', blame: 'ill' },
  /** The upstream works, but the model did not bring its answer to an end. */
  failed_answer: { status: 502, type: 'server_error', code: 'failed_upstream_answer', retry: 'key', blame: 'none' },
  broken_stream: { status: 502, type: 'server_error', code: 'stream_interrupted', retry: 'key', blame: 'ill' },
  cancelled: {
    status: 499,
    type: 'invalid_request_error',
    code: 'client_closed_request',
    retry: 'never',
    blame: 'none',
  },
  shutting_down: { status: 503, type: 'server_error', code: 'shutting_down', retry: 'never', blame: 'none' },
  internal: { status: 500, type: 'server_error', code: 'internal_error', retry: 'never', blame: 'none' },
} as const satisfies Record<string, KindRule>

export type ErrorKind = keyof typeof KINDS

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
