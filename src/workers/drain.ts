/** How a worker that another takes the place of lets go of its clients: none is refused, and none finds its connection closed. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'

export interface Drain {
  /**
   * Takes no new connection and says on the open ones that each request is their last. One that nobody uses stays as long as its client
   * was told (`keep-alive: timeout`): closed earlier, it would meet a request that is on its way. Resolves when none is left.
   */
  done: Promise<void>
  /** The next one leaves as well: connections that nobody uses are closed now, so that processes do not pile up. */
  hurry(): void
}

export function drain(server: Server): Drain {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false
  })
  const closed = once(server, 'close')
  // http's own close() would cut connections whose first request is on its way
  NetServer.prototype.close.call(server)
  return { done: closed.then(() => {}), hurry: () => server.closeIdleConnections() }
}
