import type { ServerResponse } from 'node:http'
import { createCanceller, type Cancellation, type Canceller } from '../chat/cancellation.ts'
import { GatewayError } from '../chat/error.ts'

/** Of responses that are open; a weak map would cost the garbage collector more than all else here. */
const OPEN = new Map<ServerResponse, Canceller>()

/** Cancelled when the client's socket closes before its response ended, whether or not anything was sent by then. */
export function clientSignal(response: ServerResponse): Cancellation {
  const known = OPEN.get(response)
  if (known) return known
  const canceller = createCanceller()
  // A client can be gone before its request is read to the end.
  if (response.destroyed || response.socket?.destroyed) canceller.cancel(gone())
  else {
    OPEN.set(response, canceller)
    response.on('close', closed)
  }
  return canceller
}

/** One function for all responses: a closure for each would cost more than what it does. */
function closed(this: ServerResponse): void {
  const canceller = OPEN.get(this)
  OPEN.delete(this)
  if (!this.writableFinished) canceller?.cancel(gone())
}

function gone(): GatewayError {
  return new GatewayError('cancelled', 'The client closed its connection before the answer ended.')
}

/** Ends the work for this response with a reason that its client is told, if there is any. */
export function abortAnswer(response: ServerResponse, reason: GatewayError): void {
  OPEN.get(response)?.cancel(reason)
}
