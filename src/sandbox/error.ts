/** What the sandbox answers when it does not answer: a status and OpenAI's error body. */

export interface Refusal {
  status: number
  headers?: Record<string, string>
  body: unknown
}

/** What a bad request throws while it is read. */
export class BadRequest extends Error {
  override name = 'BadRequest'
  param: string

  constructor(param: string, message: string) {
    super(message)
    this.param = param
  }
}

const TYPES: Record<number, [type: string, code: string | null, message: string]> = {
  400: ['invalid_request_error', null, 'The request is not valid.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  402: ['insufficient_quota', 'insufficient_quota', 'There is no credit left.'],
  403: ['permission_error', null, 'This key may not do that.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist.'],
  408: ['timeout_error', 'timeout', 'The request took too long.'],
  413: ['invalid_request_error', 'request_too_large', 'The request is too large.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached.'],
}

const AS_TOLD = 'The sandbox was told to answer so.'

export function errorObject(status: number, message?: string, code?: string | null, param: string | null = null) {
  const [type, usual, text] = TYPES[status] ?? ['server_error', null, 'The server had an error.']
  return {
    error: {
      message: message ?? `${text} ${AS_TOLD}`,
      type: code === 'insufficient_quota' ? code : type,
      param,
      code: code === undefined ? usual : code,
    },
  }
}

export function refusal(status: number, retryAfter?: number, code?: string): Refusal {
  const headers: Record<string, string> = {}
  if (retryAfter !== undefined) {
    headers['retry-after'] = String(Math.ceil(retryAfter))
    headers['retry-after-ms'] = String(Math.round(retryAfter * 1000))
  }
  return { status, headers, body: errorObject(status, undefined, code) }
}
