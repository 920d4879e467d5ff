/** Faults as this API tells them: `{ error: { code, message, status, details } }`. */
import type { GatewayError } from '../../chat/error.ts'
import type { ErrorShape } from '../inbound/inbound-api.ts'

/** https://cloud.google.com/apis/design/errors: by HTTP status; what is not here is INTERNAL. */
const WORDS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export const generateContentErrors: ErrorShape = {
  owns: (path) => path.startsWith('/v1beta/') || /^\/v1\/models\/.+:[a-zA-Z]+$/.test(path),
  body: (error) => ({ status: error.status, body: { error: errorOf(error) } }),
}

export function errorOf(error: GatewayError): Record<string, unknown> {
  const { status, message, retryAfter } = error
  // this API's clients heed the delay in the body alone
  const details =
    retryAfter !== undefined && Number.isFinite(retryAfter)
      ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.max(0, retryAfter) / 1000}s` }]
      : undefined
  return { code: status, message, status: WORDS[status] ?? 'INTERNAL', details }
}
