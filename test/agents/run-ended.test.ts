/** `run` that is ended from without: its agent is told, its server stops, its files go. Real processes, each told by what it prints. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../free-port.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const home = mkdtempSync(join(tmpdir(), 'balanced-call-home-'))
afterAll(() => rmSync(home, { recursive: true }))
/** Where the files for one start are. */
const temporary = join(home, 'tmp')
mkdirSync(temporary)

/** Reads its configuration from a file only, so that it is given one. */
const agent = join(home, 'cn')
writeFileSync(
  agent,
  `#!${process.execPath}
   const file = process.argv[process.argv.indexOf('--config') + 1]
   for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2'])
     process.on(signal, () => { console.log('told ' + signal + ' ' + require('node:fs').existsSync(file)); process.exit(3) })
   setInterval(() => {}, 1e6)
   console.log('ready')`,
  { mode: 0o755 },
)

interface Run {
  process: ChildProcess
  /** Resolves at the first line that begins so. */
  says(line: string): Promise<string>
  /** Its exit code or signal, when nobody holds its output any more. */
  ended: Promise<unknown>
}

/** In a session of its own, which has no terminal. */
function start(port: number): Run {
  const child = spawn(process.execPath, [MAIN, 'run', '--port', String(port), '--', agent], {
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  const told = Promise.withResolvers<void>()
  let more = told
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    const before = more
    more = Promise.withResolvers()
    before.resolve()
  })
  return {
    process: child,
    async says(line) {
      for (;;) {
        const found = out.split('\n').find((each) => each.startsWith(line))
        if (found !== undefined) return found
        await more.promise
      }
    },
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal))),
  }
}

async function listen(answer: Parameters<typeof createServer>[1]): Promise<{ server: Server; port: number }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => void server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

function isGone(folder: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (readdirSync(folder).length > 0) return
      watcher.close()
      resolve()
    }
    const watcher = watch(folder, look)
    look()
  })
}

// each starts processes, which takes its time on a busy machine
describe.skipIf(process.platform === 'win32')('run', { timeout: 60_000 }, () => {
  test.each(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2'] as const)(
    'passes %s to its agent and waits for it',
    async (signal) => {
      const port = await freePort()
      const run = start(port)
      await run.says('ready')
      run.process.kill(signal)
      // its file was there until its end
      expect(await run.says('told')).toBe(`told ${signal} true`)
      expect(await run.ended).toBe(3)
      expect(readdirSync(temporary)).toEqual([])
      await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
    },
  )

  test('leaves nothing when it is ended before its agent begins', async () => {
    const asked = Promise.withResolvers<void>()
    const { port } = await listen(() => asked.resolve())
    const run = start(port)
    await asked.promise
    expect(readdirSync(temporary)).toHaveLength(1)
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(143)
    expect(readdirSync(temporary)).toEqual([])
  })

  test('leaves nothing when it is killed', async () => {
    const port = await freePort()
    const run = start(port)
    await run.says('ready')
    run.process.kill('SIGKILL')
    expect(await run.says('told')).toBe('told SIGTERM true')
    expect(await run.ended).toBe('SIGKILL')
    await isGone(temporary)
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  })

  test('removes the files of one that is no more, and no others', async () => {
    const gone = spawn('true')
    await new Promise((ended) => gone.once('exit', ended))
    const [ofGone, ofAlive, ofOther] = [
      `balanced-call-run-${hostname()}-${gone.pid}-abcdef`,
      `balanced-call-run-${hostname()}-${process.pid}-abcdef`,
      `balanced-call-run-not-${hostname()}-${gone.pid}-abcdef`,
    ]
    for (const name of [ofGone, ofAlive, ofOther]) {
      mkdirSync(join(temporary, name))
      writeFileSync(join(temporary, name, 'config.yaml'), '')
    }
    const run = start(await freePort())
    await run.says('ready')
    expect(existsSync(join(temporary, ofGone))).toBe(false)
    expect(readdirSync(temporary)).toHaveLength(3)
    run.process.kill('SIGTERM')
    await run.ended
    expect(readdirSync(temporary).toSorted()).toEqual([ofAlive, ofOther].toSorted())
    for (const name of [ofAlive, ofOther]) rmSync(join(temporary, name), { recursive: true })
  })
})
