/** A server's process: started, waited for, and ended with all that it started itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'

export interface ServerProcess {
  stop(): Promise<void>
}

export interface Command {
  file: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
}

/** Milliseconds until a server answers at all; the ones that load PyTorch take long on a busy machine. */
const PATIENCE = 400_000

/** @param url answers as soon as it serves, with whatever status; @param log file that keeps what it says */
export async function startProcess(command: Command, url: string, log: string): Promise<ServerProcess> {
  const child = spawn(command.file, command.args, {
    // a group of its own, so that its children end with it
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env },
    ...(command.cwd !== undefined && { cwd: command.cwd }),
  })
  const ended = once(child, 'exit')
  const kept = createWriteStream(log)
  for (const stream of [child.stdout, child.stderr]) stream.pipe(kept, { end: false })
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // it has ended
    }
  }
  const killed = (): void => kill('SIGKILL')
  process.on('exit', killed)
  const stop = async (): Promise<void> => {
    kill('SIGTERM')
    await Promise.race([ended, after(5000, undefined, { ref: false })])
    kill('SIGKILL')
    process.off('exit', killed)
  }
  const until = performance.now() + PATIENCE
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop()
      throw new Error(`it does not serve; ${log} says why`)
    }
    await after(250)
  }
  return { stop }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    await response.arrayBuffer()
    return response.status !== 503
  } catch {
    return false
  }
}
