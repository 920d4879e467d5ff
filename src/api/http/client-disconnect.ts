/** What a client that leaves, or a server that stops, tells those who work for its response. */
import type { ServerResponse } from 'node:http'
import { OwnCancellation, type Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'

/** Kept with the response: a map of all that are open would be written to twice a request. */
const SIGNAL = Symbol('client signal')

declare module 'node:http' {
  interface ServerResponse {
    [SIGNAL]?: ClientSignal
  }
}

/** Cancelled when the client's socket closes before its response ended, whether or not anything was sent by then. */
export class ClientSignal extends OwnCancellation {
  readonly response: ServerResponse
  /** Its index among the responses that are counted, while it is. */
  place = -1
  /** Hears that the response is over, before the cancellation. */
  closed: ((signal: ClientSignal) => void) | undefined = undefined

  constructor(response: ServerResponse) {
    super()
    this.response = response
  }
}

/** The one of a response; made when first asked for. */
export function clientSignal(response: ServerResponse): Cancellation {
  const signal = openSignal(response)
  // A client can be gone before its request is read to the end.
  if (response.destroyed || response.socket?.destroyed) signal.cancel(gone())
  return signal
}

/** The same, for those who may cancel it. */
export function openSignal(response: ServerResponse): ClientSignal {
  const known = response[SIGNAL]
  if (known) return known
  const signal = new ClientSignal(response)
  response[SIGNAL] = signal
  response.on('close', close)
  return signal
}

/** One function for all responses: a closure for each would cost more than what it does. */
function close(this: ServerResponse): void {
  const signal = this[SIGNAL]
  signal?.closed?.(signal)
  if (!this.writableFinished) signal?.cancel(gone())
}

function gone(): GatewayError {
  return new GatewayError('cancelled', 'The client closed its connection before the answer ended.')
}
