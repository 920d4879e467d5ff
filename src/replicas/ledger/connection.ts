/** A connection to the shared state, as its URL says: one server, the one that Sentinels name, or a cluster. */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { hostsOf, readServersUrl } from '../../runtime/servers-url.ts'

export type Connection = Redis | Cluster

const PORT = 6379
const SENTINEL_PORT = 26_379
/** Milliseconds. */
const CONNECT_TIMEOUT = 2000
/** Times that a call is led to another node of a cluster, whose slots are moving. */
const REDIRECTIONS = 3

/** Milliseconds after which a server that says nothing is as one that has gone without a word: another may have its address. */
export const SILENT = 3000

/**
 * Connects when it is told to, and again whenever it has to.
 * @param isPatient do calls wait for a server that is away?
 */
export function connectionTo(url: string, isPatient: boolean): Connection {
  const { scheme, kind, username, password, hosts, path, query } = readServersUrl(url) ?? {}
  const retryStrategy = (times: number): number => Math.min(50 * times, 1000)
  const each = {
    connectTimeout: CONNECT_TIMEOUT,
    maxRetriesPerRequest: isPatient ? null : 0,
    // One that was the first and is not any more: its name or its Sentinels lead to the one that is.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
    socketTimeout: SILENT,
  }
  const common: RedisOptions = { ...each, lazyConnect: true, enableOfflineQueue: isPatient, retryStrategy }
  // Valkey is reached by the same protocol; the client knows it by its older name.
  if (kind === undefined) return new Redis(url.replace(/^valkey(s?):/i, 'redis$1:'), common)
  const isEncrypted = scheme === 'rediss' || scheme === 'valkeys'
  const login = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isEncrypted && { tls: {} }),
  }
  const nodes = (port: number): { host: string; port: number }[] =>
    (hosts ?? []).map((node) => ({ host: node.host, port: node.port ?? port }))
  if (kind === 'cluster') {
    return new Cluster(nodes(PORT), {
      lazyConnect: true,
      enableOfflineQueue: isPatient,
      maxRedirections: REDIRECTIONS,
      clusterRetryStrategy: retryStrategy,
      redisOptions: { ...each, ...login },
    })
  }
  const [name = '', db] = path ?? []
  const sentinelUsername = query?.get('sentinel_user')
  const sentinelPassword = query?.get('sentinel_password')
  return new Redis({
    ...common,
    ...login,
    name,
    sentinels: nodes(SENTINEL_PORT),
    ...(db !== undefined && { db: Number(db) }),
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
    ...(isEncrypted && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  })
}

/** The first try: Sentinels, and nodes of a cluster, that do not answer are asked again and again, and nobody waits for that. */
export async function opened(connection: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const how = connection instanceof Redis && connection.options.tls ? ' by TLS' : ''
    timer = setTimeout(() => reject(new Error(`none of its servers answers${how}`)), CONNECT_TIMEOUT)
  })
  try {
    await Promise.race([connection.connect(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Those that take functions: each node of a cluster has its own. */
export function serversOf(connection: Connection): Redis[] {
  return connection instanceof Cluster ? connection.nodes('master') : [connection]
}

/** Without user and password. */
export function placeOf(url: string): string {
  const servers = readServersUrl(url)
  return servers ? hostsOf(servers) : url
}
