/** Several processes behind one port: what they share is as exact as in one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SchedulerReport } from '../../src/scheduler/contract.ts'
import { run, start } from '../scheduler-http/command-line.ts'

const SOON = { interval: 10, timeout: 10_000 }

let upstream: Server
let open: ServerResponse[]
let taken: number
let most: number
let holds: boolean
let folder: string
let said: string
let file: string
let child: ReturnType<typeof start> | undefined

beforeEach(async () => {
  open = []
  taken = 0
  most = 0
  holds = false
  upstream = createServer((request, response) => {
    request.resume()
    taken++
    open.push(response)
    most = Math.max(most, open.length)
    response.once('close', () => (open = open.filter((each) => each !== response)))
    if (!holds) request.once('end', () => answer(response))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
  file = path.join(folder, 'providers.yaml')
})

afterEach(() => {
  child?.kill('SIGKILL')
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

function answer(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'Hi' }
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices, usage }))
}

function write(limits: Record<string, number>, model = 'fast', server = {}): void {
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  const vendor = { format: 'openai', base_url, keys: ['key-one-0001'], limits }
  writeFileSync(file, JSON.stringify({ providers: { vendor }, models: { [model]: ['vendor/m'] }, server }))
}

/** Everything that the processes say is kept, for tests that wait for a line of the log. */
async function serve(): Promise<string> {
  said = ''
  child = start(['serve', '--config', file, '--port', '0', '--workers', '2'])
  child.stdout.on('data', (piece) => (said += String(piece)))
  const address = (): string => /balanced-call on (http:\/\/[^/\s]+)/.exec(said)?.[1] ?? ''
  await expect.poll(address, SOON).not.toBe('')
  return address()
}

function ask(url: string, headers: Record<string, string> = {}, model = 'fast'): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    // a connection each, so that both workers are asked
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

async function report(url: string): Promise<SchedulerReport> {
  return (await fetch(`${url}/v1/scheduler`)).json() as Promise<SchedulerReport>
}

/** By worker: the processes whose parent is the one that was started. */
async function workers(): Promise<number[]> {
  const { execFileSync } = await import('node:child_process')
  return execFileSync('pgrep', ['-P', String(child?.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

it('holds a quota exactly, and adds the counters of both', async () => {
  write({ rpm: 20 })
  const url = await serve()
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(url, { 'x-max-wait': '0' })))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(20)
  const refused = answers.find(({ status }) => status === 429)
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(30)
  expect(await refused?.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', keys: [{ key: 'vendor#1' }] } })
  expect(taken).toBe(20)
  const page = await (await fetch(`${url}/metrics`)).text()
  expect(page).toContain('balanced_call_requests_total{model="fast",provider="vendor",outcome="ok"} 20')
  expect(page).toContain('balanced_call_workers 2')
})

it('lets one request at a time to a key that takes one', async () => {
  write({ concurrency: 1 })
  const url = await serve()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(url)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(most).toBe(1)
})

it('frees what a killed worker held, and replaces it', async () => {
  write({ concurrency: 1 })
  holds = true
  const url = await serve()
  const broken = ask(url).then(
    () => 'answered',
    () => 'broken',
  )
  await expect.poll(() => open.length, SOON).toBe(1)
  const before = await workers()
  holds = false
  // one of them has the request: the waiting one is served as soon as that one is gone
  const [first = 0, second = 0] = before
  process.kill(first, 'SIGKILL')
  await expect.poll(async () => (await workers()).filter((pid) => pid !== first).length, SOON).toBe(2)
  process.kill(second, 'SIGKILL')
  expect(await broken).toBe('broken')
  await expect
    .poll(
      () =>
        report(url).then(
          ({ inFlight }) => inFlight,
          () => -1,
        ),
      SOON,
    )
    .toBe(0)
  await expect
    .poll(
      () =>
        ask(url).then(
          ({ status }) => status,
          () => 0,
        ),
      SOON,
    )
    .toBe(200)
})

it('lets running requests end when it is told to stop, and exits with 0', async () => {
  write({ rpm: 1000 })
  holds = true
  const url = await serve()
  const answers = Promise.all(Array.from({ length: 6 }, () => ask(url)))
  await expect.poll(() => open.length, SOON).toBe(6)
  const exit = once(child ?? process, 'exit')
  child?.kill('SIGTERM')
  await expect
    .poll(
      () =>
        ask(url).then(
          ({ status }) => status,
          () => 503,
        ),
      SOON,
    )
    .toBe(503)
  for (const response of open) answer(response)
  expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
  expect(await exit).toEqual([0, null])
})

it('explains, shows and switches keys through any worker', async () => {
  write({ rpm: 100 })
  const url = await serve()
  const explained = await ask(url, { 'x-explain': '1' })
  expect(JSON.stringify([...explained.headers])).toContain('chosen')
  for (const [action, state] of [
    ['disable', 'disabled'],
    ['enable', 'ready'],
  ]) {
    const switched = await fetch(`${url}/v1/scheduler/keys/vendor%231/${action}`, { method: 'POST' })
    expect(await switched.json()).toMatchObject({ key: 'vendor#1', state })
    expect((await report(url)).keys).toMatchObject([{ key: 'vendor#1', state }])
  }
  expect(await (await fetch(`${url}/llm/model-load/fast`)).json()).toMatchObject({ model: 'fast', current: 0 })
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', in_flight: 0 })
})

it('says what is wrong with a number of workers', async () => {
  write({ rpm: 1000 })
  const ended = await run(['serve', '--config', file, '--workers', 'many'])
  expect(ended).toMatchObject({ code: 1, errors: expect.stringContaining('"many" is no number of workers') as string })
})

it('serves a new configuration on SIGHUP without a request lost, and goes on when it is bad', async () => {
  write({ rpm: 100_000 })
  const url = await serve()
  const running = { isDone: false }
  const statuses: number[] = []
  const failed: unknown[] = []
  const load = Array.from({ length: 4 }, async () => {
    while (!running.isDone)
      await ask(url, {}, 'vendor/m').then(
        ({ status }) => statuses.push(status),
        (error) => failed.push(error),
      )
  })
  const models = (): Promise<string> =>
    fetch(`${url}/v1/models`, { headers: { connection: 'close' } }).then((each) => each.text())
  const old = await workers()
  write({ rpm: 100_000 }, 'renamed')
  child?.kill('SIGHUP')
  await expect.poll(async () => (await workers()).some((pid) => old.includes(pid)), SOON).toBe(false)
  expect(await models()).toContain('renamed')
  const renewed = await workers()
  writeFileSync(file, 'providers: 1')
  child?.kill('SIGHUP')
  await expect.poll(() => said, SOON).toContain('the old one still is')
  expect(await models()).toContain('renamed')
  running.isDone = true
  await Promise.all(load)
  expect(failed).toEqual([])
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(await workers()).toEqual(renewed)
  const { scopes } = await report(url)
  const rpm = scopes.find(({ limit }) => limit === 'requests/60s')
  expect((rpm?.amount ?? 0) - (rpm?.level ?? 0)).toBe(statuses.length)
})
