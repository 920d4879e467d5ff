import type { ServerResponse } from 'node:http'
import { GatewayError } from '../chat/error.ts'

/** Of responses that are open; a weak map would cost the garbage collector more than all else here. */
const CONTROLLERS = new Map<ServerResponse, AbortController>()

/** Aborts when the client's socket closes before its response ended, whether or not anything was sent by then. */
export function clientSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  CONTROLLERS.set(response, controller)
  const gone = (): void => {
    CONTROLLERS.delete(response)
    if (response.writableFinished) return
    controller.abort(new GatewayError('cancelled', 'The client closed its connection before the answer ended.'))
  }
  // A client can be gone before its request is read to the end.
  if (response.destroyed || response.socket?.destroyed) gone()
  else response.once('close', gone)
  return controller.signal
}

/** Ends the work for this response with a reason that its client is told, if there is any. */
export function abortAnswer(response: ServerResponse, reason: GatewayError): void {
  CONTROLLERS.get(response)?.abort(reason)
}
