/** That work is not wanted any more. An AbortSignal is one; ours costs a tenth of that, and every request has one. */
export interface Cancellation {
  readonly aborted: boolean
  readonly reason?: unknown
  /** Whoever works for it waits for its turn: nothing is lost when it is told to come back. */
  isQueued?: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface Canceller extends Cancellation {
  /** The first call counts. */
  cancel(reason: unknown): void
}

export function createCanceller(): Canceller {
  return new OwnCancellation()
}

const NOBODY: readonly (() => void)[] = []

/** A class, so that a request makes one object and no closures, to which others may add what they need of it. */
export class OwnCancellation implements Canceller {
  aborted = false
  reason: unknown = undefined
  isQueued = false
  /** Copied by each change, as there is nearly always one. */
  private listeners: readonly (() => void)[] = NOBODY

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.listeners = this.listeners.length === 0 ? [listener] : [...this.listeners, listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners =
      this.listeners.length === 1 && this.listeners[0] === listener
        ? NOBODY
        : this.listeners.filter((other) => other !== listener)
  }

  cancel(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const told = this.listeners
    this.listeners = NOBODY
    for (const listener of told) listener()
  }
}

/** One that is cancelled with `source`, or before it. */
export function follow(source: Cancellation): Canceller {
  const canceller = createCanceller()
  const pass = (): void => canceller.cancel(source.reason)
  if (source.aborted) pass()
  else source.addEventListener('abort', pass)
  return canceller
}
