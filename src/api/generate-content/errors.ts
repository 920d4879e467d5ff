/** Faults as this API tells them: `{ error: { code, message, status, details } }`. */
import { messageOf, type GatewayError } from '../../chat/error.ts'
import type { ErrorShape } from '../inbound/inbound-api.ts'

/** https://cloud.google.com/apis/design/errors: by HTTP status; what is not here is INVALID_ARGUMENT or INTERNAL. */
const WORDS: Record<number, string> = {
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

const OF_OTHERS =
  /^(\/api\/|\/v1\/(chat|completions|responses|messages|embeddings|images|audio|moderations|rerank|admin)\b)/

export const generateContentErrors: ErrorShape = {
  owns: (path, headers) =>
    /^(\/upload)?\/v1(beta|alpha)\//.test(path) ||
    /^\/v1\/models\/.+:[a-zA-Z]+$/.test(path) ||
    // its SDK's, which may ask by the first version of all; paths of other APIs have their own errors whatever the key is sent in
    (headers['x-goog-api-key'] !== undefined && !OF_OTHERS.test(path)),
  body: (error) => ({ status: error.status, body: { error: errorOf(error) } }),
}

export function errorOf(error: GatewayError): Record<string, unknown> {
  const { status, retryAfter } = error
  // this API's clients heed the delay in the body alone
  const details =
    retryAfter !== undefined && Number.isFinite(retryAfter)
      ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.max(0, retryAfter) / 1000}s` }]
      : undefined
  const word = WORDS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL')
  return { code: status, message: messageOf(error), status: word, details }
}
