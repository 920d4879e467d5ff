/** Resolves at the first SIGTERM or SIGINT. A second one does not wait any longer. */
import type { Log } from '../../observability/log.ts'

export function untilStopped(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: string): void => {
      if (stopping) process.exit(1)
      stopping = true
      log.info(`${signal}: stopping, waiting for running requests`)
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
