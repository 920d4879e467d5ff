/** The owner's side of one worker: its requests for leases, its leases, and what becomes of both when it dies. */
import { createCanceller, type Canceller } from '../runtime/cancellation.ts'
import { GatewayError, INTERNAL_MESSAGE } from '../chat/error.ts'
import type { Counts } from '../observability/metrics.ts'
import type { Administration, ManagedClient } from '../runtime/administration.ts'
import type { Reloads } from '../runtime/reloads.ts'
import type { AcquireRequest, Lease, Scheduler, UnsentLease } from '../scheduler/types.ts'
import { largestOf } from './lease-stock.ts'
import type { Fault, LeaseFacts, ToOwner, ToWorker } from './messages.ts'

export interface OwnerParts {
  /** The one of this moment: a reload puts another in its place. */
  scheduler: () => Scheduler
  page: () => Promise<string>
  reloads: Reloads
  administration: Administration
  clients: () => readonly ManagedClient[]
  /** Hears that this worker has taken in what it was told of clients. */
  heard: (number: number) => void
  /** What this worker is told to serve. */
  configuration: string
  /** Hears the counters of this worker. */
  counted: (counts: Counts) => void
  ready: (address: string) => void
  send: (message: ToWorker) => void
  /** Hears what no worker is told: a fault of this process. */
  failed: (cause: unknown) => void
}

export interface WorkerSession {
  hear(message: ToOwner): void
  /** The worker is gone: nothing of it stays reserved, and nothing of it waits. */
  close(): void
}

export function createWorkerSession({
  scheduler,
  page,
  reloads,
  administration,
  clients,
  heard,
  configuration,
  counted,
  ready,
  send,
  failed,
}: OwnerParts): WorkerSession {
  const waiting = new Map<number, Canceller>()
  const leases = new Map<number, Lease>()

  async function acquire(id: number, request: Omit<AcquireRequest, 'signal'>, ahead: number): Promise<void> {
    const signal = createCanceller()
    waiting.set(id, signal)
    try {
      const lease = await scheduler().acquire({ ...request, signal })
      if (signal.aborted) return giveBack(lease)
      leases.set(id, lease)
      const candidates = request.explain ? lease.explain() : []
      send(['lease', id, factsOf(lease, candidates), ahead > 0 ? giveAhead(id, request, ahead) : NONE])
    } catch (error) {
      if (!signal.aborted) send(['refused', id, faultOf(error)])
    } finally {
      waiting.delete(id)
    }
  }

  function giveAhead(id: number, request: Omit<AcquireRequest, 'signal'>, count: number): LeaseFacts[] {
    const { id: _own, ...alike } = request
    const given = scheduler().ahead?.({ ...alike, input: largestOf(request.input) }, count) ?? []
    return given.map((lease, nth) => {
      leases.set(id + 1 + nth, lease)
      return factsOf(lease, [])
    })
  }

  async function answer(id: number, value: unknown): Promise<void> {
    try {
      send(['answer', id, await value])
    } catch (error) {
      send(['refused', id, faultOf(error)])
    }
  }

  function ended(id: number): Lease | undefined {
    const lease = leases.get(id)
    leases.delete(id)
    return lease
  }

  function faultOf(error: unknown): Fault {
    if (!(error instanceof GatewayError)) {
      failed(error)
      return faultOf(new GatewayError('internal', INTERNAL_MESSAGE))
    }
    const { kind, message, status, type, code, param, retryAfter, extra } = error
    return { kind, message, details: { status, type, code, param, retryAfter, extra } }
  }

  return {
    hear(message) {
      switch (message[0]) {
        case 'acquire':
          return void acquire(message[1], message[2], message[3] ?? 0)
        case 'withdraw':
          return (ended(message[1]) as UnsentLease | undefined)?.withdraw()
        case 'cancel': {
          const given = ended(message[1])
          if (given) giveBack(given)
          return waiting.get(message[1])?.cancel(undefined)
        }
        case 'started':
          return leases.get(message[1])?.started(message[2])
        case 'observe':
          return leases.get(message[1])?.observe(message[2])
        case 'alive':
          return leases.get(message[1])?.alive()
        case 'settle':
          return ended(message[1])?.settle(message[2])
        case 'fail':
          return ended(message[1])?.fail(message[2])
        case 'report':
          return void answer(message[1], scheduler().report())
        case 'waiting':
          return void answer(message[1], scheduler().waiting(message[2]))
        case 'adjustKey':
          return void answer(message[1], scheduler().adjustKey(message[2], message[3]))
        case 'configuration':
          return send(['answer', message[1], configuration])
        case 'page':
          return void answer(message[1], page())
        case 'reloads':
          return void answer(message[1], reloads.state())
        case 'reload':
          return void answer(message[1], reloads.reload())
        case 'administer':
          return void answer(message[1], administration.administer(message[2], message[3], message[4]))
        case 'clients':
          // at once: what changes later is said later
          return send(['answer', message[1], clients()])
        case 'heard':
          return heard(message[1])
        case 'counts':
          return counted(message[1])
        case 'ready':
          return ready(message[1])
      }
    },
    close() {
      for (const signal of waiting.values()) signal.cancel(undefined)
      // the provider may have answered all of it: what was reserved stays charged, and no key is to blame
      for (const lease of leases.values()) lease.fail({ kind: 'cancelled', started: true })
      leases.clear()
    },
  }
}

const NONE: LeaseFacts[] = []

function factsOf({ provider, model, key, id, waited, asks }: Lease, candidates: LeaseFacts['candidates']): LeaseFacts {
  return { provider, model, key, id, waited, asks, candidates }
}

/** Taken for somebody who left in that moment: nothing was sent, so nothing was used. */
function giveBack(lease: Lease): void {
  lease.fail({ kind: 'shutting_down', started: false })
}
