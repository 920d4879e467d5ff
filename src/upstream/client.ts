/** Bytes out, bytes in: one HTTP/1.1 client for all upstreams, with a pool of sockets for each origin. */
import { errors } from 'undici'
import { GatewayError } from '../chat/error.ts'
import { startExchange, type SendOptions } from './client-exchange.ts'
import { cancelledFault } from './client-faults.ts'
import { createPools, type PoolOptions } from './client-pools.ts'
import type { ClientAnswer, UpstreamRequest } from './contract.ts'

export interface ClientOptions extends PoolOptions {
  /** A redirect is a fault (the default), or given out as any answer. */
  redirects?: 'refuse' | 'give'
}

export interface Client {
  /**
   * Resolves with the head of the answer, whatever its status. The body is to be read once; leaving its loop early closes
   * the connection. Headers have names in lower case, and what came twice is joined by `, `. Throws a GatewayError, and the body's iteration does:
   * `connection`, `timeout` (names the phase), `bad_answer`, `broken_stream`, `cancelled`, `shutting_down`.
   */
  send(request: UpstreamRequest, options?: SendOptions): Promise<ClientAnswer>
  /** Takes no more requests and waits for those that run. */
  close(): Promise<void>
  /** Cuts off those that run, too. */
  destroy(): Promise<void>
}

/** Milliseconds in which a server's goodbye on an idle socket can cross with a request. */
const CROSSING = 1000

export function createClient(options: ClientOptions = {}): Client {
  const pools = createPools(options)
  const redirects = options.redirects ?? 'refuse'
  let closing: Promise<void> | undefined

  async function send(request: UpstreamRequest, options: SendOptions = {}): Promise<ClientAnswer> {
    if (closing !== undefined) throw new GatewayError('shutting_down', 'The server is stopping.')
    if (options.signal?.aborted === true) throw cancelledFault(options.signal)
    const target = targetOf(request.url)
    const attempt = (): Promise<ClientAnswer> =>
      startExchange(pools.of(target.origin), target, request, options, redirects)
    const started = performance.now()
    try {
      return await attempt()
    } catch (error) {
      // The server closed an idle socket while the request was on its way: nobody read it, so it is sent again, once.
      if (!closedIdle(error) || performance.now() - started > CROSSING) throw error
      return attempt()
    }
  }

  return {
    send,
    close: () => (closing ??= pools.close()),
    async destroy() {
      closing ??= Promise.resolve()
      await pools.destroy(new GatewayError('shutting_down', 'The server is stopping.'))
    },
  }
}

/** No head of an answer came, on a socket that had brought answers before. */
function closedIdle(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.kind !== 'connection') return false
  return error.cause instanceof errors.SocketError && (error.cause.socket?.bytesRead ?? 0) > 0
}

/** Cheaper than `new URL`; the pool looks at the origin when it is made, and undici at the path. */
function targetOf(url: string): { origin: string; path: string; host: string } {
  const authority = url.indexOf('://') + 3
  let end = authority
  while (end < url.length && !'/?#'.includes(url[end] ?? '')) end++
  const hash = url.indexOf('#', end)
  const rest = url.slice(end, hash < 0 ? url.length : hash)
  return {
    origin: url.slice(0, end),
    path: rest.startsWith('/') ? rest : `/${rest}`,
    host: url.slice(Math.max(authority, url.lastIndexOf('@', end) + 1), end),
  }
}
