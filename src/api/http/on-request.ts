/** What happens to a request before its route: it is counted, refused while the server cannot serve it, and named. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import type { Caller, KeyCheck } from '../access/client-key.ts'
import type { Cors } from '../access/cors.ts'
import type { HostCheck } from '../access/served-hosts.ts'
import type { Overload } from './overload.ts'
import type { Running } from './running-requests.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's name, where keys have names. */
    client: Caller['client']
    isAdmin: boolean
  }
}

export interface OnRequestOptions {
  check: KeyCheck
  checkHost: HostCheck
  cors: Cors
  running: Running
  overload: Overload
}

/** Milliseconds after which a refused client may find room, or the server's successor. */
const COME_BACK = 1000

/** The feed of the page. */
const LIVE = '/v1/admin/live'

export function registerOnRequest(app: FastifyInstance, options: OnRequestOptions): void {
  const { check, checkHost, cors, running, overload } = options
  app.decorateRequest('client', undefined)
  app.decorateRequest('isAdmin', false)

  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (isHealth(request.url)) return done()
    checkHost(request.headers.host)
    cors.allow(request, reply)
    if (cors.preflight(request, reply)) return
    if (running.isStopping()) {
      reply.header('connection', 'close')
      throw new GatewayError('shutting_down', 'This server is stopping: ask again.', { retryAfter: COME_BACK })
    }
    if (overload.isOver()) {
      const message = 'This server has more to do than it can: ask again (server.overload).'
      throw new GatewayError('overloaded', message, { retryAfter: COME_BACK })
    }
    const path = pathOf(request.url)
    // the page's own files tell nothing: what they ask for wants a key
    if (isPage(path)) return done()
    const { client, isAdmin } = check(request.headers, request.url)
    // a key is in a header that no page sends unasked
    if (client === undefined && !isAdmin) cors.checkForm(request)
    request.client = client
    request.isAdmin = isAdmin
    // ends with the server, and holds up no stop of it
    if (path !== LIVE) running.enter(reply.raw)
    done()
  })
}

function isHealth(url: string): boolean {
  const path = pathOf(url)
  return path === '/health' || path === '/ready'
}

function isPage(path: string): boolean {
  return path === '/ui' || path.startsWith('/ui/')
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
