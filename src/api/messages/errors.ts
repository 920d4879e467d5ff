/** Faults as this API tells them: `{ type: error, error: { type, message } }`. */
import { messageOf, type ErrorKind, type GatewayError } from '../../chat/error.ts'
import type { ErrorShape } from '../inbound/inbound-api.ts'

/** https://docs.anthropic.com/en/api/errors; what is not here is `api_error`, or `invalid_request_error` below 500. */
const TYPES: Partial<Record<ErrorKind, string>> = {
  client_authentication: 'authentication_error',
  client_permission: 'permission_error',
  authentication: 'authentication_error',
  permission: 'permission_error',
  unknown_model: 'not_found_error',
  not_found: 'not_found_error',
  kept_elsewhere: 'not_found_error',
  too_large: 'request_too_large',
  rate_limit: 'rate_limit_error',
  quota: 'rate_limit_error',
  client_limit: 'rate_limit_error',
  queue_full: 'rate_limit_error',
  overloaded: 'overloaded_error',
  shutting_down: 'overloaded_error',
  timeout: 'timeout_error',
  late_answer: 'timeout_error',
}

/** The API's own status of an overload, which its clients know. */
const OVERLOADED = 529

/** What the API's SDK calls the id of a request. */
export const ID_HEADER = 'request-id'

export const messagesErrors: ErrorShape = {
  idHeader: ID_HEADER,
  owns: (path, headers) =>
    path === '/v1/messages' || path.startsWith('/v1/messages/') || headers['anthropic-version'] !== undefined,
  body(error, id) {
    const status = error.kind === 'overloaded' || error.kind === 'shutting_down' ? OVERLOADED : error.status
    return { status, body: { type: 'error', error: errorOf(error), request_id: id } }
  },
}

const METHOD_NOT_ALLOWED = 405

export function errorOf(error: GatewayError): Record<string, unknown> {
  const isMethod = error.status === METHOD_NOT_ALLOWED
  const type = (isMethod ? undefined : typeOf(error)) ?? (error.status < 500 ? 'invalid_request_error' : 'api_error')
  // what the API's SDK reads to go on in another way
  const details = error.extra?.['details']
  return { type, message: wordsOf(error), ...(details !== undefined && { details }) }
}

/** No limit was met, whatever the kind, where there is no money, or no key at all. */
function typeOf({ kind, status }: GatewayError): string | undefined {
  if (kind === 'quota' && status === 402) return 'billing_error'
  return kind === 'queue_full' && status === 503 ? 'api_error' : TYPES[kind]
}

/** Agents shorten their history when they read these words. */
const TOO_LONG = 'prompt is too long'

function wordsOf(error: GatewayError): string {
  const message = messageOf(error)
  return error.kind === 'context_length' && !message.toLowerCase().includes(TOO_LONG)
    ? `${TOO_LONG}: ${message}`
    : message
}
