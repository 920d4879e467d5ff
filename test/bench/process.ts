/** Child processes of a benchmark: started, asked for their costs, stopped. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BEFORE = fileURLToPath(new URL('./before.mjs', import.meta.url))

export interface Measured {
  name: string
  pid: number
  port: number
  /** Milliseconds from the start of the process until it took a connection. */
  startUp: number
  /** CPU microseconds of all its threads since it started, by the operating system's accounting; resident bytes. */
  cost(): Promise<{ cpu: number; rss: number }>
  /** Sends a message and resolves with the next that comes back. */
  ask(message: string): Promise<unknown>
  stop(): Promise<void>
}

/**
 * Starts `node <args>`, or another program, with `PORT` in its environment, and resolves when it listens there.
 * @param quiet Is what it says of errors of no interest, as a rival's own are?
 */
export async function start(
  name: string,
  args: string[],
  port: number,
  { program, quiet = false }: { program?: string; quiet?: boolean } = {},
): Promise<Measured> {
  const begun = performance.now()
  let failed: Error | undefined
  const child = spawn(program ?? process.execPath, program ? args : ['--import', BEFORE, ...args], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info' },
    // Its log lines are made and written, as in earnest, but not kept.
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit', 'ipc'],
  })
  child.once('error', (error) => (failed = error))
  await listening(child, name, port).catch((error: unknown) => {
    throw failed ?? error
  })
  const startUp = performance.now() - begun
  const ask = async (message: string): Promise<unknown> => {
    child.send(message)
    const [answer] = await once(child, 'message', { signal: AbortSignal.timeout(10_000) })
    return answer
  }
  return {
    name,
    pid: child.pid ?? 0,
    port,
    startUp,
    ask,
    async cost() {
      return program ? costOf(child.pid ?? 0) : Object(await ask('cost')).cost
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await once(child, 'exit')
      clearTimeout(timer)
    },
  }
}

/** Of a program that cannot tell by itself: what the scheduler charged to each thread, in nanoseconds; `stat` counts hundredths of a second. */
function costOf(pid: number): { cpu: number; rss: number } {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return { cpu: nanoseconds / 1000, rss: pages * 4096 }
}

async function listening(child: ChildProcess, name: string, port: number): Promise<void> {
  const deadline = performance.now() + 15_000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it listened`)
    if (await connects(port)) return
    await sleep(5)
  }
  child.kill('SIGKILL')
  throw new Error(`${name} did not listen on port ${port} within 15 s`)
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
