/** Bytes out, bytes in: one HTTP/1.1 client for all upstreams, with a pool of sockets for each origin. */
import { GatewayError } from '../../chat/error.ts'
import { startExchange, type ExchangeTarget, type SendOptions } from './exchange.ts'
import { cancelledFault } from './connection-errors.ts'
import { createPools, type PoolOptions } from './connection-pools.ts'
import type { ClientAnswer, UpstreamRequest } from '../types.ts'

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

/** Addresses that are kept in pieces. */
const MOST_TARGETS = 1000

export function createClient(options: ClientOptions = {}): Client {
  const pools = createPools(options)
  const redirects = options.redirects ?? 'refuse'
  let closing: Promise<void> | undefined

  const targets = new Map<string, ExchangeTarget>()

  /** The same few addresses come again and again. */
  function targetOf(url: string): ExchangeTarget {
    const known = targets.get(url)
    if (known) return known
    const target = readTarget(url)
    if (targets.size >= MOST_TARGETS) targets.clear()
    targets.set(url, target)
    return target
  }

  function send(request: UpstreamRequest, options: SendOptions = {}): Promise<ClientAnswer> {
    if (closing !== undefined) return Promise.reject(new GatewayError('shutting_down', 'The server is stopping.'))
    if (options.signal?.aborted === true) return Promise.reject(cancelledFault(options.signal))
    const target = targetOf(request.url)
    return startExchange(pools, target, request, options, redirects)
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

/** Cheaper than `new URL`; the pool looks at the origin when it is made, and undici at the path. */
function readTarget(url: string): ExchangeTarget {
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
