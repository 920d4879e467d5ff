/** Faults on their way through the gateway: from deltas, from whatever was thrown, and with what is known beside them. */
import type { Cancellation } from '../runtime/cancellation.ts'
import type { Delta, DeltaError } from '../chat/delta.ts'
import { GatewayError, INTERNAL_MESSAGE } from '../chat/error.ts'
import type { CandidateReport } from '../scheduler/types.ts'
import type { RequestState } from './request-state.ts'

/** Whatever was thrown, as the one error that crosses boundaries. */
export function asGatewayError(cause: unknown, signal?: Cancellation): GatewayError {
  if (signal?.aborted) {
    // a stop of the server aborts, too, and says so
    if (signal.reason instanceof GatewayError) return signal.reason
    if (cause instanceof GatewayError && cause.kind === 'cancelled') return cause
    return new GatewayError('cancelled', 'the client closed the request', { cause })
  }
  if (cause instanceof GatewayError) return cause
  return new GatewayError('internal', INTERNAL_MESSAGE, { cause })
}

export function fromDelta(error: DeltaError): GatewayError {
  const { type, code, retryAfter } = error
  return new GatewayError(error.kind, error.message, { type, code, retryAfter })
}

/** The provider's name in place of its address, which the log and administrators have. */
export function withoutAddress({ message, host = '', kind }: GatewayError, provider: string): string {
  // a look-up that fails names it without its port
  const name = RegExp.escape(host.replace(/:\d+$/, ''))
  const own = new RegExp(`(?<![\\w.-])${name}(?::\\d+)?(?![\\w-])`, 'g')
  const named = [own, ADDRESSES].reduce(
    (text, each) => text.replaceAll(each, () => provider),
    message.replaceAll(URLS, 'another address'),
  )
  if (kind !== 'connection') return named
  const end = /[.!?]$/.test(named) ? '' : '.'
  return `${named}${end} Try again; if that does not help, tell this gateway's administrator.`
}

const URLS = /(?:\bhttps?:)?\/\/[^\s;,]+/g
/** With a port, in the words of sockets. */
const ADDRESSES =
  /(?:\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}):\d{1,5}\b/gi

/** What came before a fault is the client's; the fault itself is thrown. */
export function* untilFault(deltas: Delta[]): Generator<Delta[]> {
  const at = faultAt(deltas)
  const fault = deltas[at]?.error
  if (!fault) yield deltas
  else {
    if (at > 0) yield deltas.slice(0, at)
    throw fromDelta(fault)
  }
}

/** Where the first fault is; -1 for none. */
export function faultAt(deltas: readonly Delta[]): number {
  for (let at = 0; at < deltas.length; at++) if (deltas[at]?.error) return at
  return -1
}

export function unknownModel(model: string, near: string | undefined, cause: GatewayError): GatewayError {
  const hint = near === undefined ? 'GET /v1/models lists those that do.' : `Did you mean '${near}'?`
  const message = `The model '${model.slice(0, 200)}' does not exist. ${hint}`
  return new GatewayError('unknown_model', message, { param: 'model', cause })
}

/** The upstream's words with the scheduler's knowledge of when another try can work. */
export function withWait(said: GatewayError, refusal: GatewayError): GatewayError {
  said.retryAfter = refusal.retryAfter ?? said.retryAfter
  said.extra = { ...refusal.extra, ...said.extra }
  return said
}

/** How far the request had come, for the headers; and for a client that asks why, what else could have taken it. */
export function withJourney(error: GatewayError, requestState: RequestState): void {
  const { lease, attempts, waited, candidates, context } = requestState
  const { obeys } = context
  error.journey = { provider: lease?.provider, model: lease?.model, key: lease?.key, attempts, waited, obeys }
  if (candidates) error.extra = { keys: candidates, ...error.extra }
  if (context.isAdmin === false && error.extra?.['keys'] !== undefined) error.extra = counted(error.extra)
}

/** What a client may hear of the keys: how many there are, how many of them only need time, and a limit of its own. */
function counted({ keys, ...extra }: Record<string, unknown>): Record<string, unknown> {
  const candidates = keys as CandidateReport[]
  const resting = candidates.filter(({ eta }) => eta !== null && eta > 0).length
  const out = candidates.filter(({ eta }) => eta === null).length
  const reason = candidates.find((each) => /^(client|group) /.test(each.reason))?.reason
  return {
    candidates: { total: candidates.length, resting, out_of_service: out },
    ...(reason !== undefined && { reason }),
    ...extra,
  }
}
