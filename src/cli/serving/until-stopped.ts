/** Waits for the first SIGTERM or SIGINT, from now on. A second one does not wait any longer. */
import type { Log } from '../../observability/log.ts'

export interface Stopped {
  promise: Promise<void>
  isStopping(): boolean
  /** Whom to tell; at once where the signal came before. */
  tell(log: Log): void
}

export function untilStopped(): Stopped {
  const { promise, resolve } = Promise.withResolvers<void>()
  let by: string | undefined
  let log: Log | undefined
  const say = (): void => log?.info(`${by}: stopping, waiting for running requests`)
  const stop = (signal: string): void => {
    if (by !== undefined) process.exit(1)
    by = signal
    say()
    resolve()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return {
    promise,
    isStopping: () => by !== undefined,
    tell(to) {
      log = to
      if (by !== undefined) say()
    },
  }
}
