/** A fake vendor, a configuration that calls it, and `serve` as a process of its own. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import type { SchedulerReport } from '../../src/scheduler/types.ts'
import { start } from '../scheduler-http/command-line.ts'

export const SOON = { interval: 10, timeout: 30_000 }

/** Each start finds what the one before has compiled. */
const COMPILED = { NODE_COMPILE_CACHE: path.join(tmpdir(), 'balanced-call-compiled') }

export interface Stage {
  /** What the vendor has not answered yet, how many it was asked, and how many at most at once. */
  open: ServerResponse[]
  taken: number
  most: number
  /** Does the vendor wait with its answers? */
  holds: boolean
  folder: string
  file: string
  /** Everything that the processes have said. */
  said: string
  child: ReturnType<typeof start> | undefined
}

let upstream: Server
export const stage: Stage = {
  open: [],
  taken: 0,
  most: 0,
  holds: false,
  folder: '',
  file: '',
  said: '',
  child: undefined,
}

export function setStage(): void {
  beforeEach(async () => {
    Object.assign(stage, { open: [], taken: 0, most: 0, holds: false, child: undefined })
    upstream = createServer((request, response) => {
      request.resume()
      stage.taken++
      stage.open.push(response)
      stage.most = Math.max(stage.most, stage.open.length)
      response.once('close', () => (stage.open = stage.open.filter((each) => each !== response)))
      if (!stage.holds) request.once('end', () => answer(response))
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    stage.folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
    stage.file = path.join(stage.folder, 'providers.yaml')
  })

  afterEach(async () => {
    const { child } = stage
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    upstream.closeAllConnections()
    upstream.close()
    rmSync(stage.folder, { recursive: true })
  })
}

export function answer(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'Hi' }
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices, usage }))
}

export interface Written {
  limits?: Record<string, number>
  model?: string
  keys?: string[]
  server?: Record<string, unknown>
}

export function write({
  limits = { rpm: 100_000 },
  model = 'fast',
  keys = ['key-one-0001'],
  server = {},
}: Written): void {
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  const vendor = { format: 'openai', base_url, keys, limits }
  writeFileSync(stage.file, JSON.stringify({ providers: { vendor }, models: { [model]: ['vendor/m'] }, server }))
}

/** @param workers said on the command line; as the configuration says when absent */
export async function serve(workers?: number, ...more: string[]): Promise<string> {
  stage.said = ''
  const count = workers === undefined ? [] : ['--workers', String(workers)]
  stage.child = start(['serve', '--config', stage.file, '--port', '0', ...count, ...more], COMPILED)
  stage.child.stdout.on('data', (piece) => (stage.said += String(piece)))
  const address = (): string => /balanced-call on (http:\/\/[^/\s]+)/.exec(stage.said)?.[1] ?? ''
  await expect.poll(address, SOON).not.toBe('')
  return address()
}

/** @param headers `connection: close` unless they say another, so that every worker is asked */
export function ask(url: string, headers: Record<string, string> = {}, model = 'fast'): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

/** The status, or 0 where there was no answer. */
export function status(answered: Promise<Response>): Promise<number> {
  return answered.then(
    (response) => response.status,
    () => 0,
  )
}

export async function page(url: string, path: string): Promise<string> {
  return (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).text()
}

export async function report(url: string): Promise<SchedulerReport> {
  return JSON.parse(await page(url, '/v1/scheduler')) as SchedulerReport
}

/** By worker: the processes whose parent is the one that was started. */
export function workers(): number[] {
  return execFileSync('pgrep', ['-P', String(stage.child?.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

/** Not so when it has ended and its new parent has not taken note of it. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

/** Tells the process, and waits until it says that it has done so. */
export async function reload(): Promise<void> {
  const before = stage.said.length
  stage.child?.kill('SIGHUP')
  await expect.poll(() => stage.said.slice(before), SOON).toContain('SIGHUP: configuration reloaded')
}
