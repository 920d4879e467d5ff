/** A worker process: what it tells its owner, and what it does when it is told to end. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Counts } from '../observability/metrics.ts'
import type { ToOwner, ToWorker } from './messages.ts'
import { createMessageBatch } from './message-batch.ts'
import { createRemoteScheduler, type RemoteScheduler } from './remote-scheduler.ts'

/** Milliseconds between two reports of counters: what a killed worker forgets at most. */
const COUNTED = 1000

/** Milliseconds in which a client may still use a connection that it has open. */
const GRACE = 1000

export interface Link {
  scheduler: RemoteScheduler
  /** What this worker is to serve, as the owner told its fleet. */
  configuration(): Promise<string>
  /** All counters of all processes; the owner has to hear this process's own first. */
  page(counts: Counts): Promise<string>
  /** Tells that the worker serves, and from then on what it counts. Resolves when it has ended in order. */
  serve(served: Serving, address: string): Promise<void>
}

export interface Serving {
  server: { server: Server }
  counts(): Counts
  close(): Promise<void>
}

export function linkToOwner(): Link {
  const outbox = createMessageBatch<ToOwner>((messages) => void process.send?.(messages))
  const scheduler = createRemoteScheduler((message, later) => (later ? outbox.putLater(message) : outbox.put(message)))
  let onMessage = ([what]: ToWorker): void => {
    // told to end before it serves: nothing runs
    if (what === 'stop' || what === 'retire') process.exit(0)
  }
  process.on('message', (messages: ToWorker[]) => {
    for (const message of messages) {
      scheduler.hear(message)
      onMessage(message)
    }
  })
  // without its owner nobody says what a key may still take
  process.on('disconnect', () => process.exit(1))
  cluster.worker?.on('error', () => process.exit(1))
  if (!process.connected) process.exit(1)
  // a terminal tells the whole group: it is the owner who says when to end
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  process.on('SIGHUP', () => {})

  return {
    scheduler,
    configuration: () => scheduler.configuration(),
    page(counts) {
      outbox.put(['counts', counts])
      return scheduler.page()
    },
    async serve(served, address) {
      const report = (): void => outbox.put(['counts', served.counts()])
      const timer = setInterval(report, COUNTED).unref()
      const end = new Promise<void>((resolve) => {
        onMessage = ([what]) => {
          if (what === 'count') report()
          else if (what === 'stop') resolve()
          else if (what === 'retire') void drain(served.server.server).then(resolve)
        }
      })
      outbox.put(['ready', address])
      await end
      await served.close()
      clearInterval(timer)
      await new Promise<void>((resolve) => {
        outbox.flush()
        process.send?.([['counts', served.counts()]], () => resolve())
      })
      cluster.worker?.kill()
    },
  }
}

/** Takes no new connection and says on the open ones that each request is their last; refuses none. */
async function drain(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false
  })
  server.keepAliveTimeout = 1
  const closed = once(server, 'close')
  // http's own close() would cut connections whose first request is on its way
  NetServer.prototype.close.call(server)
  setTimeout(() => server.closeIdleConnections(), GRACE).unref()
  await closed
}
