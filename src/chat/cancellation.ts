/** That work is not wanted any more. An AbortSignal is one; ours costs a tenth of that, and every request has one. */
export interface Cancellation {
  readonly aborted: boolean
  readonly reason?: unknown
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

/** A class, so that a request makes one object and no closures. */
class OwnCancellation implements Canceller {
  aborted = false
  reason: unknown = undefined
  private listeners: (() => void)[] = []

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.listeners.indexOf(listener)
    if (at >= 0) this.listeners.splice(at, 1)
  }

  cancel(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const told = this.listeners
    this.listeners = []
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
