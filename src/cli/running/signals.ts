/** Signals of this process, from now on: those that come while an agent runs are the agent's. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'

/** All that are sent to a process from without, but for those that none can catch and those that stop and go on. */
const PASSED = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const
/** What keys of a terminal send, to each process that runs in its foreground. */
const KEYS = ['SIGINT', 'SIGQUIT', ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : [])] as const

export interface Signals {
  /** Passed to it until it has ended; before and after, a signal ends this process. */
  belongTo(child: ChildProcess): void
}

export function holdSignals(): Signals {
  let agent: ChildProcess | undefined
  const take = (signal: NodeJS.Signals): void => {
    if (agent === undefined) process.exit(exitCodeOf(signal))
    // the agent has got it as well: twice would mean something else to it
    if ((KEYS as readonly string[]).includes(signal) && hasTerminal()) return
    agent.kill(signal)
  }
  for (const signal of [...PASSED, ...KEYS]) process.on(signal, take)
  return {
    belongTo(child) {
      agent = child
      child.once('exit', () => {
        agent = undefined
      })
    },
  }
}

/** As shells tell of a signal: 128 and its number. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

function hasTerminal(): boolean {
  if (process.platform === 'win32') return true
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
