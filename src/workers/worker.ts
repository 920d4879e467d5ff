/** A worker process: what it tells its owner, and what it does when it is told to end. */
import cluster from 'node:cluster'
import type { Server } from 'node:http'
import type { Counts } from '../observability/metrics.ts'
import { drain, type Drain } from './drain.ts'
import type { ToOwner, ToWorker } from './messages.ts'
import { createMessageBatch } from './message-batch.ts'
import { createRemoteScheduler, type RemoteScheduler } from './remote-scheduler.ts'

/** Milliseconds between two reports of counters: what a killed worker forgets at most. */
const COUNTED = 1000

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
  /** Who only watches is sent to another worker. */
  leave(): void
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
      let leaving: Drain | undefined
      const end = new Promise<void>((resolve) => {
        const retire = (): void => {
          // told again: others leave after this one
          if (leaving) return leaving.hurry()
          leaving = drain(served.server.server)
          served.leave()
          void leaving.done.then(resolve)
        }
        onMessage = ([what]) => {
          if (what === 'count') report()
          else if (what === 'stop') resolve()
          else if (what === 'retire') retire()
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
