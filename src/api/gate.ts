/** What happens to a request before its route: it is counted, refused while the server cannot serve it, and named. */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../chat/error.ts'
import type { KeyCheck } from './client-key.ts'
import type { Overload } from './overload.ts'
import type { Running } from './running.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's name, where keys have names. */
    client: string | undefined
  }
}

export interface GateOptions {
  check: KeyCheck
  running: Running
  overload: Overload
  /** Milliseconds that a client may take nothing of its answer; 0: any time. */
  clientIdle: number
}

/** Milliseconds after which a refused client may find room, or the server's successor. */
const COME_BACK = 1000

export function registerGate(app: FastifyInstance, options: GateOptions): void {
  const { check, running, overload, clientIdle } = options
  app.decorateRequest('client', undefined)

  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    reply.header('x-request-id', request.id)
    if (isHealth(request.url)) return done()
    if (running.isStopping()) {
      reply.header('connection', 'close')
      throw new GatewayError('shutting_down', 'This server is stopping: ask again.', { retryAfter: COME_BACK })
    }
    if (overload.isOver()) {
      const message = 'This server has more to do than it can: ask again (server.overload).'
      throw new GatewayError('overloaded', message, { retryAfter: COME_BACK })
    }
    request.client = check(request.headers)
    running.enter(reply.raw)
    done()
  })

  // Node sets the time itself, for a request, and another one for the pause between two.
  if (clientIdle > 0) app.server.setTimeout(clientIdle, (socket) => cutIdle(socket, running))
}

/** Nothing moved on the socket for a while: while a request runs that is the client's fault only where bytes wait for it. */
function cutIdle(socket: Socket, running: Running): void {
  if (socket.writableLength > 0 || !running.has(socket)) socket.destroy()
  else socket.setTimeout(socket.timeout ?? 0)
}

function isHealth(url: string): boolean {
  return url === '/health' || url.startsWith('/health?')
}
