/** A worker's scheduler: the owner's, asked by message. */
import { GatewayError } from '../chat/error.ts'
import type { Administration, ManagedClient } from '../runtime/administration.ts'
import type { Reloaded, Reloads, ReloadState } from '../runtime/reloads.ts'
import type { AcquireRequest, Lease, Scheduler, SchedulerReport, WaitingReport } from '../scheduler/types.ts'
import { createLeaseStock, REAL_CLOCK, type StockClock, type Wish } from './lease-stock.ts'
import type { LeaseFacts, ToOwner, ToWorker } from './messages.ts'

export interface RemoteScheduler extends Scheduler {
  /** The counters of all processes, as a page. */
  page(): Promise<string>
  /** What this worker is to serve, as the owner told its fleet. */
  configuration(): Promise<string>
  /** What the owner knows of its configuration. */
  reloads: Reloads
  administration: Administration
  /** All clients whose keys are managed now; `changed` hears of those that change from now on. */
  clients(changed: (clients: readonly ManagedClient[]) => void): Promise<readonly ManagedClient[]>
  /** Takes what the owner says. */
  hear(message: ToWorker): void
}

/** What is told to the owner, and whether it may wait for what is told next. */
export type Send = (message: ToOwner, later?: boolean) => void

interface Pending {
  resolve: (value: unknown, ahead?: LeaseFacts[]) => void
  reject: (error: Error) => void
}

export function createRemoteScheduler(send: Send, clock: StockClock = REAL_CLOCK): RemoteScheduler {
  const pending = new Map<number, Pending>()
  const stock = createLeaseStock<RemoteLease>(clock)
  const told: Told = { send, failed: stock.clear }
  let last = 0
  let onClients: ((changed: readonly ManagedClient[]) => void) | undefined

  function ask(message: (id: number) => ToOwner): Promise<unknown> {
    const id = ++last
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject })
      send(message(id))
    })
  }

  /** @param wish for more than this one */
  function askFor(
    request: Omit<AcquireRequest, 'signal'>,
    signal: AcquireRequest['signal'],
    wish: Wish | undefined,
  ): Promise<Lease> {
    const id = ++last
    const count = wish?.count ?? 0
    last += count
    return new Promise<Lease>((resolve, reject) => {
      const abort = (): void => {
        pending.delete(id)
        keep()
        send(['cancel', id])
        reject(cancelled())
      }
      function keep(ahead: LeaseFacts[] = []): void {
        if (wish)
          stock.put(
            wish,
            ahead.map((facts, nth) => new RemoteLease(told, id + 1 + nth, facts, true)),
          )
      }
      signal?.addEventListener('abort', abort)
      pending.set(id, {
        resolve(facts, ahead = []) {
          signal?.removeEventListener('abort', abort)
          keep(ahead)
          resolve(new RemoteLease(told, id, facts as LeaseFacts, ahead.length > 0))
        },
        reject(error) {
          signal?.removeEventListener('abort', abort)
          keep()
          reject(error)
        },
      })
      send(['acquire', id, request, count])
    })
  }

  return {
    acquire({ signal, ...request }) {
      if (signal?.aborted) return Promise.reject(cancelled())
      const found = stock.take(request)
      return found instanceof RemoteLease ? Promise.resolve(found) : askFor(request, signal, found)
    },
    report: () => ask((id) => ['report', id]) as Promise<SchedulerReport>,
    waiting: (most) => ask((id) => ['waiting', id, most]) as Promise<WaitingReport[]>,
    adjustKey: (key, change) => ask((id) => ['adjustKey', id, key, change]) as Promise<boolean>,
    configuration: () => ask((id) => ['configuration', id]) as Promise<string>,
    page: () => ask((id) => ['page', id]) as Promise<string>,
    reloads: {
      state: () => ask((id) => ['reloads', id]) as Promise<ReloadState>,
      reload: () => ask((id) => ['reload', id]) as Promise<Reloaded>,
    },
    administration: {
      administer: (subject, action, wish) => ask((id) => ['administer', id, subject, action, wish]) as Promise<object>,
    },
    clients(changed) {
      onClients = changed
      return ask((id) => ['clients', id]) as Promise<readonly ManagedClient[]>
    },
    hear(message) {
      if (message[0] === 'clients') {
        onClients?.(message[2])
        return send(['heard', message[1]])
      }
      if (message[0] !== 'lease' && message[0] !== 'refused' && message[0] !== 'answer') return
      const found = pending.get(message[1])
      if (!found) {
        // whoever asked has gone: the owner hears it, and gives that lease back by itself
        if (message[0] === 'lease') message[3].forEach((_, nth) => send(['withdraw', message[1] + 1 + nth], true))
        return
      }
      pending.delete(message[1])
      if (message[0] === 'refused') {
        const { kind, message: text, details } = message[2]
        found.reject(new GatewayError(kind, text, details))
      } else if (message[0] === 'lease') found.resolve(message[2], message[3])
      else found.resolve(message[2])
    },
    close() {
      stock.clear()
      for (const { reject } of pending.values())
        reject(new GatewayError('shutting_down', 'The server is shutting down.'))
      pending.clear()
    },
  }
}

/** Milliseconds: of an answer that goes on the owner need not hear at every piece. */
const TOLD_EVERY = 10_000

interface Told {
  send: Send
  /** Hears that a key has failed a request. */
  failed: () => void
}

class RemoteLease implements Lease {
  readonly provider: string
  readonly model: string
  readonly key: string
  readonly id: string
  readonly waited: number
  readonly asks: boolean
  private readonly candidates: LeaseFacts['candidates']
  private readonly told: Told
  private readonly number: number
  /** There is room for many more: nobody waits for what is told of this one. */
  private readonly isAmple: boolean
  private open = true
  private toldAt = performance.now()

  constructor(told: Told, number: number, facts: LeaseFacts, isAmple: boolean) {
    this.told = told
    this.number = number
    this.isAmple = isAmple
    this.provider = facts.provider
    this.model = facts.model
    this.key = facts.key
    this.id = facts.id
    this.waited = facts.waited
    this.asks = facts.asks
    this.candidates = facts.candidates
  }

  explain(): LeaseFacts['candidates'] {
    return this.candidates
  }

  started(elapsed: number): void {
    if (this.open) this.told.send(['started', this.number, elapsed], this.isAmple)
  }

  observe(signals: Parameters<Lease['observe']>[0]): void {
    if (this.open && signals.length > 0) this.told.send(['observe', this.number, signals], this.isAmple)
  }

  alive(): void {
    const now = performance.now()
    if (!this.open || now - this.toldAt < TOLD_EVERY) return
    this.toldAt = now
    this.told.send(['alive', this.number])
  }

  settle(used: Parameters<Lease['settle']>[0]): void {
    if (!this.open) return
    this.open = false
    this.told.send(['settle', this.number, used], this.isAmple)
  }

  fail(failure: Parameters<Lease['fail']>[0]): void {
    if (!this.open) return
    this.open = false
    this.told.send(['fail', this.number, failure])
    this.told.failed()
  }

  withdraw(): void {
    if (!this.open) return
    this.open = false
    this.told.send(['withdraw', this.number], true)
  }
}

function cancelled(): GatewayError {
  return new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
}
