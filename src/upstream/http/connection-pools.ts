import type { ConnectionOptions } from 'node:tls'
import type { LookupFunction } from 'node:net'
import type { buildConnector, Dispatcher, Pool } from 'undici'
import { GatewayError } from '../../chat/error.ts'
import * as undici from './undici-parts.ts'

export interface ProxyOptions {
  /** Proxy for http: and for https: upstreams, as URLs. */
  http?: string
  https?: string
  /** Hosts that are reached without it, as NO_PROXY writes them. */
  none?: string
}

/** The usual variables, small letters before capitals; what none of them says is undefined. */
export function proxyOf(environment: Record<string, string | undefined>): ProxyOptions {
  const read = (name: string): string | undefined => environment[name] || environment[name.toUpperCase()] || undefined
  const all = read('all_proxy')
  return { http: read('http_proxy') ?? all, https: read('https_proxy') ?? all, none: read('no_proxy') }
}

export interface PoolOptions {
  /** Sockets to one origin; more requests wait for a free one. */
  connections?: number
  /** Origins whose idle sockets are kept; beyond, the one that was used least recently is closed. */
  origins?: number
  /** Milliseconds that an idle socket is kept, where the server does not say less. */
  keep_alive?: number
  /** Milliseconds after which a connection that nobody waits for any more is given up; a minute when absent or 0. */
  connect?: number
  /** Absent or empty: none. */
  proxy?: ProxyOptions
  /** Certificates beside those that the system trusts. */
  ca?: ConnectionOptions['ca']
  /** Stands in for the system's name look-up. */
  lookup?: LookupFunction
}

export interface Pools {
  /** Throws a GatewayError `internal` when the origin is no http(s) origin. */
  of(origin: string): Dispatcher
  /** What opens a connection for each request, and closes it behind the answer. */
  fresh(origin: string): Dispatcher
  /** Waits for running requests, then closes all sockets. */
  close(): Promise<void>
  /** Closes all sockets at once. */
  destroy(error: Error): Promise<void>
}

/** Milliseconds; a request's own limit is usually smaller. This one frees sockets that nobody waits for any more. */
const CONNECT_LIMIT = 60_000
/** Some vendors send a header for each limit that they know: twice the usual 16 KiB and more. */
const MAX_HEADERS = 64 * 1024

/** A pool, the one for requests that want a connection of their own, and when they were used last. */
interface Used {
  pool: Pool
  fresh: Pool | undefined
  last: number
}

export function createPools(options: PoolOptions): Pools {
  const max = options.origins ?? 256
  const pools = new Map<string, Used>()
  let uses = 0
  const connect = options.connect || CONNECT_LIMIT
  const poolOptions = {
    connections: options.connections ?? 4096,
    keepAliveTimeout: options.keep_alive ?? 30_000,
    connectTimeout: connect,
    maxHeaderSize: MAX_HEADERS,
    // The exchange keeps its own, finer time.
    headersTimeout: 0,
    bodyTimeout: 0,
    // One request a socket, so that an abort is one socket closed and a slow reader holds up nobody else.
    allowH2: false,
    connect: { timeout: connect, ca: options.ca, lookup: options.lookup },
  }
  let made: Pool.Options | undefined
  /** When the first socket is wanted. */
  const pooled = (): Pool.Options => {
    const connector = undici.connector()({ ...poolOptions.connect, allowH2: false })
    return { ...poolOptions, connect: (target, callback) => connector(target, noting(callback)) }
  }
  const proxy = proxyAgent(options.proxy, poolOptions)
  const closing = new Set<Promise<void>>()

  function open(origin: string): Used {
    const opened: Used = { pool: newPool(origin, (made ??= pooled())), fresh: undefined, last: 0 }
    if (pools.size >= max) closeOldest()
    pools.set(origin, opened)
    return opened
  }

  function closeOldest(): void {
    let oldest: [string, Used] | undefined
    for (const each of pools) if (oldest === undefined || each[1].last < oldest[1].last) oldest = each
    if (oldest === undefined) return
    pools.delete(oldest[0])
    const closed: Promise<void> = closeAll(oldest[1]).finally(() => closing.delete(closed))
    closing.add(closed)
  }

  async function closeAll({ pool, fresh }: Used): Promise<void> {
    await Promise.all([pool.close(), fresh?.close()])
  }

  return {
    fresh(origin) {
      if (proxy !== undefined) return proxy
      const used = pools.get(origin) ?? open(origin)
      // closed behind each answer (`reset`), so that none of its sockets is ever an old one
      return (used.fresh ??= newPool(origin, (made ??= pooled())))
    },
    of(origin) {
      if (proxy !== undefined) return proxy
      const used = pools.get(origin) ?? open(origin)
      // A number, not a place in the map: a key that is taken out and put back makes the map anew again and again, and what
      // is left of the old ones keeps young memory from being collected.
      used.last = ++uses
      return used.pool
    },
    async close() {
      await Promise.all([proxy?.close(), ...[...pools.values()].map(closeAll), ...closing])
    },
    async destroy(fault) {
      const all = [...pools.values()].flatMap(({ pool, fresh }) => [pool.destroy(fault), fresh?.destroy(fault)])
      await Promise.all([proxy?.destroy(fault), ...all])
    },
  }
}

/** Whoever meets an error of a socket can tell an old one by what had been read from it: undici says so of closes only. */
function noting(callback: buildConnector.Callback): buildConnector.Callback {
  return (...[error, socket]) => {
    if (error !== null) return callback(error, null)
    socket.once('error', (fault: SocketFault) => (fault.bytesRead = socket.bytesRead))
    callback(null, socket)
  }
}

/** An error of a socket. */
export interface SocketFault extends Error {
  code?: string
  /** Bytes that it had brought before. */
  bytesRead?: number
}

function newPool(origin: string, options: Pool.Options): Pool {
  try {
    return new (undici.pool())(origin, options)
  } catch (cause) {
    throw new GatewayError('internal', `"${origin}" is not an http(s) origin: correct the base_url.`, { cause })
  }
}

function proxyAgent(proxy: ProxyOptions | undefined, options: Pool.Options): Dispatcher | undefined {
  if (!proxy?.http && !proxy?.https) return undefined
  return new (undici.proxyAgent())({
    ...options,
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? '',
    noProxy: proxy.none ?? '',
    // Also for http: upstreams: what is forwarded without a tunnel would not go by these options' limits.
    proxyTunnel: true,
  })
}
