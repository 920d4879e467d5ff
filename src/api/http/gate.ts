/** What happens to a request before its route: it is counted, refused while the server cannot serve it, and named. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import type { KeyCheck } from './client-key.ts'
import type { Overload } from './overload.ts'
import type { Running } from './running-requests.ts'

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
}

/** Milliseconds after which a refused client may find room, or the server's successor. */
const COME_BACK = 1000

export function registerGate(app: FastifyInstance, options: GateOptions): void {
  const { check, running, overload } = options
  app.decorateRequest('client', undefined)

  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (isHealth(request.url)) return done()
    if (running.isStopping()) {
      reply.header('connection', 'close')
      throw new GatewayError('shutting_down', 'This server is stopping: ask again.', { retryAfter: COME_BACK })
    }
    if (overload.isOver()) {
      const message = 'This server has more to do than it can: ask again (server.overload).'
      throw new GatewayError('overloaded', message, { retryAfter: COME_BACK })
    }
    request.client = check(request.headers, request.url)
    running.enter(reply.raw)
    done()
  })
}

function isHealth(url: string): boolean {
  return url === '/health' || url.startsWith('/health?')
}
