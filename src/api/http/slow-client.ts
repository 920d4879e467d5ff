import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/**
 * Bytes of an answer wait for a client that does not read: from now on Node cuts the connection off when nothing of them
 * was taken for `limit` milliseconds (0: never). Called only where bytes wait, as a timer for each request costs.
 */
export function limitTaking({ socket }: ServerResponse, limit: number): void {
  // an injected request has a stand-in, which knows no time
  if (limit > 0 && socket instanceof Socket && socket.writableLength > 0) socket.setTimeout(limit)
}

/** Resolves when the socket takes more, or will never again. */
export function untilTaken(response: ServerResponse, limit: number): Promise<void> {
  const { socket } = response
  if (response.destroyed || socket?.destroyed === true) return Promise.resolve()
  limitTaking(response, limit)
  return new Promise((resolve) => {
    const done = (): void => {
      allowPause(response)
      response.off('drain', done).off('close', done)
      socket?.off('drain', done)
      resolve()
    }
    response.once('drain', done).once('close', done)
    socket?.once('drain', done)
  })
}

/** All was taken: any pause is the answer's own. */
export function allowPause({ socket }: ServerResponse): void {
  if (socket?.timeout) socket.setTimeout(0)
}
