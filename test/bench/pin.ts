/**
 * Keeps what is measured and what drives it on cores of their own: moved from core to core, a process costs up to half as much
 * again, and differently in each run.
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The measured have the first core, turn and turn about; the upstream and the clients share the second. */
export const CORES = { measured: 0, drivers: 1 } as const

let able: boolean | undefined

/** Is there `taskset`, and a second core? */
export function canPin(): boolean {
  able ??= availableParallelism() > 1 && pinned(process.pid, `${CORES.measured},${CORES.drivers}`)
  return able
}

/** Moves all threads of a process, and so all that it starts later, to one core; leaves it where it is when that cannot be. */
export function pin(pid: number, core: number): void {
  if (canPin()) pinned(pid, String(core))
}

function pinned(pid: number, cores: string): boolean {
  try {
    execFileSync('taskset', ['-acp', cores, String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
