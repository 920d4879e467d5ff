/** A PostgreSQL server of its own for one test, on a free port, with a password; ended with the test. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

/** Where Debian has the programs of the newest version, which is not among those of a shell. */
const PROGRAMS = ((): string | undefined => {
  const versions = '/usr/lib/postgresql'
  const found = existsSync(versions) ? readdirSync(versions).map((each) => join(versions, each, 'bin')) : []
  return found
    .toSorted()
    .toReversed()
    .find((each) => existsSync(join(each, 'initdb')))
})()

export const hasServer = ((): boolean => {
  if (PROGRAMS === undefined) console.warn('postgresql is not installed: tests of the shared database are skipped')
  return PROGRAMS !== undefined
})()

/** A program that is told to end when this process is gone, however that ended: its input ends then. */
const WITH_US = 'exec 3<&0; (cat <&3; kill -INT $$) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'

export const PASSWORD = 'pass-word-of-the-test-0001'

export interface PostgresServer {
  /** With user and password; another database of this server by its name. */
  url(database?: string): string
  port: number
  /** Cuts all connections and ends. */
  stop(): Promise<void>
  /** Starts it again on the same port, with what it has. */
  start(): Promise<void>
  close(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-postgres-'))
  const user = process.getuid?.() === 0 ? ownUser() : {}
  const data = join(folder, 'data')
  const password = join(folder, 'password')
  writeFileSync(password, PASSWORD)
  mkdirSync(data)
  if (user.uid !== undefined) for (const each of [folder, data, password]) chownSync(each, user.uid, user.gid ?? 0)
  const options = { cwd: folder, ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }
  execFileSync(
    join(PROGRAMS ?? '', 'initdb'),
    ['-D', data, '-U', 'tester', '-N', '-E', 'UTF8', '--no-locale', '--auth=scram-sha-256', `--pwfile=${password}`],
    { ...options, stdio: 'ignore' },
  )
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off']
  const run = async (): Promise<ChildProcess> => {
    const words = ['-D', data, ...settings.flatMap((each) => ['-c', each])]
    const command = ['-c', WITH_US, 'sh', join(PROGRAMS ?? '', 'postgres'), ...words]
    const child = spawn('sh', command, { ...options, stdio: ['pipe', 'ignore', 'pipe'] })
    let told = ''
    for await (const chunk of child.stderr) {
      told += String(chunk)
      if (told.includes('ready to accept connections')) break
    }
    if (child.exitCode !== null) throw new Error(`postgres ended: ${told}`)
    return child
  }
  let child = await run()
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill('SIGINT')
      await gone
    }
    child.stdin?.destroy()
  }
  return {
    url: (database = 'postgres') => `postgres://tester:${PASSWORD}@127.0.0.1:${port}/${database}`,
    port,
    stop,
    async start() {
      child = await run()
    },
    async close() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server refuses to run as root. */
function ownUser(): { uid?: number; gid?: number } {
  const id = (what: string): number => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
