import type { ServerResponse } from 'node:http'
import { GatewayError } from '../chat/error.ts'

/** Aborts when the client's socket closes before its response ended, whether or not anything was sent by then. */
export function clientSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const gone = (): void => {
    if (response.writableFinished) return
    controller.abort(new GatewayError('cancelled', 'The client closed its connection before the answer ended.'))
  }
  // A client can be gone before its request is read to the end.
  if (response.destroyed || response.socket?.destroyed) gone()
  else response.once('close', gone)
  return controller.signal
}
