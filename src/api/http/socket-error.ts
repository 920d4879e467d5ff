/** What is no HTTP request that this server could read, answered in OpenAI's shape all the same. */
import type { Socket } from 'node:net'
import { errorBody, GatewayError } from '../../chat/error.ts'
import { http } from '../../runtime/modules.ts'

/** For Node's `clientError`: the request was too slow, its head too large, or no HTTP. */
export function answerSocketError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const fault = faultOf(error.code)
  const body = JSON.stringify(errorBody(fault))
  socket.end(
    `HTTP/1.1 ${fault.status} ${http.STATUS_CODES[fault.status] ?? ''}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function faultOf(code: string | undefined): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = "The request's headers are larger than this server takes (server.bounds.headers)."
    return new GatewayError('invalid_request', message, { status: 431 })
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = 'The request did not arrive in time (server.receive).'
    return new GatewayError('invalid_request', message, { status: 408 })
  }
  return new GatewayError('invalid_request', 'Malformed HTTP request.')
}
