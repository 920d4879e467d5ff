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
  /** A file, a response, a cache: what the request names by an id is not this key's to read, but may be another account's. */
  kept_elsewhere: { status: 404, type: 'invalid_request_error', code: null, retry: 'key', blame: 'none' },
  conflict: { status: 409, type: 'invalid_request_error', code: null, retry: 'key', blame: 'none' },
  too_large: { status: 413, type: 'invalid_request_error', code: 'request_too_large', retry: 'never', blame: 'none' },
  unprocessable: { status: 422, type: 'invalid_request_error', code: null, retry: 'never', blame: 'none' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', retry: 'key', blame: 'limit' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', retry: 'key', blame: 'dead' },
  /** The client has used what its own key, or its group, may: no other key would help, and nothing is wrong here. */
  client_limit: {
    status: 429,
    type: 'rate_limit_error',
    code: 'client_limit_exceeded',
    retry: 'never',
    blame: 'none',
  },
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
