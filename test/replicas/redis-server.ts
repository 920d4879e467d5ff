/** A server of its own for one test, in memory, on a free port; ended with the test. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../free-port.ts'

export const hasServer = ((): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn('redis-server is not installed: tests of replicas are skipped')
    return false
  }
})()

export interface RedisServer {
  url: string
  port: number
  process: ChildProcess
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Gives another server what this one holds under a key. */
  copy(key: string, to: RedisServer): Promise<void>
  /** Commands as an operator gives them. */
  command(...words: string[]): Promise<unknown>
  /** Starts it again on the same port, with what it has written. */
  start(): Promise<void>
  /** Of one that does not run: its data is gone. */
  forget(): Promise<void>
  close(): Promise<void>
}

/** @param file its configuration, where it has one */
export async function startRedis(args: readonly string[] = [], file?: string): Promise<RedisServer> {
  let port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-redis-'))
  const run = async (): Promise<ChildProcess> => {
    const child = spawn(
      'redis-server',
      [...(file ? [file] : ['--save', '']), '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...args],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    for await (const chunk of child.stdout) if (/Ready to accept connections|Sentinel ID is/.test(String(chunk))) break
    child.stdout.resume()
    return child
  }
  let first = await run()
  // Another test took the port since it was seen to be free.
  for (let again = 0; again < 3 && first.stdout?.readableEnded; again++) {
    port = await freePort()
    first = await run()
  }
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    process: first,
    async kill() {
      if (server.process.exitCode !== null || server.process.signalCode !== null) return
      const gone = once(server.process, 'exit')
      server.process.kill('SIGKILL')
      await gone
    },
    async copy(key, to) {
      const value = await server.command('GET', key)
      await to.command('SET', key, String(value))
    },
    async command(name = '', ...words) {
      const redis = new Redis(server.url)
      try {
        return await redis.call(name, ...words)
      } finally {
        redis.disconnect()
      }
    },
    async start() {
      server.process = await run()
    },
    async forget() {
      rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
      rmSync(join(folder, 'dump.rdb'), { force: true })
    },
    async close() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}
