/** One address for one configuration after another: what listens stays, and with it every connection. */
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { CHECKED } from '../../app/server.ts'
import { http } from '../../runtime/modules.ts'

export interface HotSwapListener {
  /** From the next request on this app answers, on connections old and new. */
  show(app: FastifyInstance): Promise<void>
  /** Resolves with the address as a URL. Rejects as `listen` of a server does. */
  listen(port: number, host: string): Promise<string>
  /** Takes no more connections, and resolves when none is left. */
  close(): Promise<void>
}

/** What a server looks up at each connection or request; the types do not tell of the last. */
const SETTINGS = ['keepAliveTimeout', 'headersTimeout', 'requestTimeout', 'timeout', 'maxConnections', 'maxHeaderSize']

/** Milliseconds that a connection may take to end after the last answer. */
const LAST_WORDS = 1000

export function createHotSwapListener(): HotSwapListener {
  const servers: Server[] = []
  let shown: FastifyInstance | undefined

  /** Listeners are exchanged, so that a request costs what it costs without. */
  function dress(server: Server, app: FastifyInstance): void {
    for (const setting of SETTINGS) Reflect.set(server, setting, Reflect.get(app.server, setting))
    server.removeAllListeners('request').on('request', app.routing)
    server.removeAllListeners('clientError')
    for (const listener of app.server.listeners('clientError')) server.on('clientError', listener as () => void)
  }

  async function open(port: number, host: string): Promise<number> {
    const server = http.createServer({ connectionsCheckingInterval: CHECKED })
    if (shown) dress(server, shown)
    server.listen({ port, host })
    await once(server, 'listening')
    servers.push(server)
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  return {
    async show(app) {
      await app.ready()
      shown = app
      for (const server of servers) dress(server, app)
    },
    async listen(port, host) {
      // this machine has two addresses, and clients try either
      const hosts = host === 'localhost' ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
      const [first = host, ...others] = hosts
      const bound = await open(port, first)
      for (const other of others) await open(bound, other).catch(() => {})
      const shownHost = first === '0.0.0.0' ? '127.0.0.1' : first
      return `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${bound}`
    },
    async close() {
      await Promise.all(
        servers.map(async (server) => {
          const closed = once(server, 'close')
          server.close()
          server.closeIdleConnections()
          const timer = setTimeout(() => server.closeAllConnections(), LAST_WORDS)
          await closed
          clearTimeout(timer)
        }),
      )
    },
  }
}
