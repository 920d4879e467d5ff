/** A worker's scheduler: the owner's, asked by message. */
import { GatewayError } from '../chat/error.ts'
import type { Administration, ManagedClient } from '../runtime/administration.ts'
import type { Reloaded, Reloads, ReloadState } from '../runtime/reloads.ts'
import type { Lease, Scheduler, SchedulerReport, WaitingReport } from '../scheduler/types.ts'
import type { LeaseFacts, ToOwner, ToWorker } from './messages.ts'

export interface RemoteScheduler extends Scheduler {
  /** The counters of all processes, as a page. */
  page(): Promise<string>
  /** The text of the configuration that this worker is to serve. */
  configuration(): Promise<string>
  /** What the owner knows of its configuration. */
  reloads: Reloads
  administration: Administration
  /** All clients whose keys are managed now; `changed` hears of those that change from now on. */
  clients(changed: (clients: readonly ManagedClient[]) => void): Promise<readonly ManagedClient[]>
  /** Takes what the owner says. */
  hear(message: ToWorker): void
}

interface Pending {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

export function createRemoteScheduler(send: (message: ToOwner) => void): RemoteScheduler {
  const pending = new Map<number, Pending>()
  let last = 0
  let onClients: ((changed: readonly ManagedClient[]) => void) | undefined

  function ask(message: (id: number) => ToOwner): Promise<unknown> {
    const id = ++last
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject })
      send(message(id))
    })
  }

  return {
    acquire({ signal, ...request }) {
      if (signal?.aborted) return Promise.reject(cancelled())
      const id = ++last
      return new Promise<Lease>((resolve, reject) => {
        const abort = (): void => {
          pending.delete(id)
          send(['cancel', id])
          reject(cancelled())
        }
        signal?.addEventListener('abort', abort)
        pending.set(id, {
          resolve(facts) {
            signal?.removeEventListener('abort', abort)
            resolve(new RemoteLease(send, id, facts as LeaseFacts))
          },
          reject(error) {
            signal?.removeEventListener('abort', abort)
            reject(error)
          },
        })
        send(['acquire', id, request])
      })
    },
    report: () => ask((id) => ['report', id]) as Promise<SchedulerReport>,
    waiting: (most) => ask((id) => ['waiting', id, most]) as Promise<WaitingReport[]>,
    setEnabled: (key, enabled) => ask((id) => ['setEnabled', id, key, enabled]) as Promise<boolean>,
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
      // whoever asked has gone: the owner has heard it, and gives the lease back by itself
      if (!found) return
      pending.delete(message[1])
      if (message[0] === 'refused') {
        const { kind, message: text, details } = message[2]
        found.reject(new GatewayError(kind, text, details))
      } else found.resolve(message[2])
    },
    close() {
      for (const { reject } of pending.values())
        reject(new GatewayError('shutting_down', 'The server is shutting down.'))
      pending.clear()
    },
  }
}

/** Milliseconds: of an answer that goes on the owner need not hear at every piece. */
const TOLD_EVERY = 10_000

class RemoteLease implements Lease {
  readonly provider: string
  readonly model: string
  readonly key: string
  readonly id: string
  readonly waited: number
  private readonly candidates: LeaseFacts['candidates']
  private readonly send: (message: ToOwner) => void
  private readonly number: number
  private open = true
  private toldAt = performance.now()

  constructor(send: (message: ToOwner) => void, number: number, facts: LeaseFacts) {
    this.send = send
    this.number = number
    this.provider = facts.provider
    this.model = facts.model
    this.key = facts.key
    this.id = facts.id
    this.waited = facts.waited
    this.candidates = facts.candidates
  }

  explain(): LeaseFacts['candidates'] {
    return this.candidates
  }

  started(elapsed: number): void {
    if (this.open) this.send(['started', this.number, elapsed])
  }

  observe(signals: Parameters<Lease['observe']>[0]): void {
    if (this.open && signals.length > 0) this.send(['observe', this.number, signals])
  }

  alive(): void {
    const now = performance.now()
    if (!this.open || now - this.toldAt < TOLD_EVERY) return
    this.toldAt = now
    this.send(['alive', this.number])
  }

  settle(used: Parameters<Lease['settle']>[0]): void {
    if (!this.open) return
    this.open = false
    this.send(['settle', this.number, used])
  }

  fail(failure: Parameters<Lease['fail']>[0]): void {
    if (!this.open) return
    this.open = false
    this.send(['fail', this.number, failure])
  }
}

function cancelled(): GatewayError {
  return new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
}
