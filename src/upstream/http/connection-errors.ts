import type { Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'

/** What the usual codes of sockets, names and certificates mean to a person. */
const REASONS: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up now',
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection before it answered',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network to it',
  ETIMEDOUT: 'the network gave no answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS as it should',
}

/** Codes of a request that could not even be written. */
const UNSENDABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'])
const CLOSED = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])

export type Phase = 'connect' | 'first_byte' | 'idle' | 'total' | 'answer'

const PHASES: Record<Phase, string> = {
  connect: 'did not take the connection',
  first_byte: 'did not begin to answer',
  idle: 'was silent in the middle of its answer for',
  total: 'did not finish its answer',
  answer: 'did not finish its answer',
}

/** OpenSSL has a code for each thing that a peer can do wrong: few say more to a person. */
function reasonOf(code: string): string | undefined {
  return REASONS[code] ?? (code.startsWith('ERR_SSL_') ? REASONS['EPROTO'] : undefined)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** A phase took longer than its limit, in milliseconds. */
export function timeoutFault(phase: Phase, milliseconds: number, host: string): GatewayError {
  const within = phase === 'idle' ? '' : 'within '
  const kind = phase === 'answer' ? 'late_answer' : 'timeout'
  return new GatewayError(kind, `${host} ${PHASES[phase]} ${within}${milliseconds} ms (timeout ${phase}).`, { host })
}

/** The caller's signal: its own reason where that is a GatewayError, such as a stop of the server. */
export function cancelledFault(signal: Cancellation): GatewayError {
  const { reason } = signal
  if (reason instanceof GatewayError) return reason
  return new GatewayError('cancelled', 'The request was cancelled before its answer was complete.', { cause: reason })
}

/** What the HTTP client threw, in our words. `answered`: the head of the answer had come already. */
export function connectionFault(error: unknown, answered: boolean, host: string): GatewayError {
  if (error instanceof GatewayError) return error
  // A look-up of ours says so.
  if (error instanceof Error && error.cause instanceof GatewayError) return error.cause
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const details = { cause: error, host }
  if (CLOSED.has(code)) return new GatewayError('shutting_down', 'The server is stopping.', details)
  if (answered) {
    const why = REASONS[code] === undefined || code === 'UND_ERR_SOCKET' ? message : REASONS[code]
    return new GatewayError('broken_stream', `The answer of ${host} broke off: ${why}.`, details)
  }
  if (UNSENDABLE.has(code))
    return new GatewayError('internal', `The request to ${host} cannot be sent: ${message}.`, details)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new GatewayError('timeout', `${host} ${PHASES.connect} in time (timeout connect).`, details)
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || (error instanceof Error && error.name === 'HTTPParserError')) {
    return new GatewayError('bad_answer', `${host} did not answer in proper HTTP: ${message}.`, details)
  }
  const reason = reasonOf(code) ?? message
  return new GatewayError('connection', `Cannot reach ${host}: ${reason}${code === '' ? '' : ` (${code})`}.`, details)
}
