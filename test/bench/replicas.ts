/**
 * `npm run bench:replicas`: what a shared state costs, as ratios of one run: CPU of a request with slices, and with one round trip
 * each, against a single process with the same limits; what it adds to the time for a key at 2,000 requests a second; and how many
 * keys four clients are given in a second by one server, with what of a core each end takes. There a key has three limits, of which
 * each pick asks (nothing is leased ahead): requests and tokens a minute, requests a day; 100 keys, 50 picks of a client at once.
 * `-- --rounds 30 --seconds 5 --only cpu`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startRedis, type RedisServer } from '../replicas/redis-server.ts'
import { load } from './load.ts'
import { targetOf } from './phases.ts'
import { freePort, start, type Measured } from './process.ts'
import { acquireFlatOut, askerOf, FLAT_OUT, MODES, type FlatOut, type Mode } from './replicas-clients.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CONNECTIONS = 16
const REQUESTS = 2000
const WARM_UP = 4
const CLIENTS = 4
const RATE = 2000
const PHASE = { provider: 'openai', model: 'bench-json', prompt: 60, kind: undefined } as const

/** Keys with limits that are leased ahead, and with limits of which each request asks. */
const POOLS: Record<Mode, { keys: number; limits: object[] }> = {
  slices: {
    keys: 2,
    limits: [
      { requests: 10_000_000, per: 'minute' },
      { tokens: 10_000_000_000, per: 'minute' },
    ],
  },
  trips: { keys: 100, limits: [{ requests: 1000, per: 'second' }] },
}
const GOALS = { slices: 1.25, trips: 1.8, added: 2, rate: 15_000 }

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
})
const wants = (part: string): boolean => values.only === '' || values.only === part

if (process.argv[2] === 'client') await client()
else await bench()

async function bench(): Promise<void> {
  const server = await startRedis()
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
  try {
    if (wants('cpu')) for (const mode of MODES) await cpu(mode, server, folder)
    if (wants('latency')) for (const mode of MODES) await added(mode, server)
    if (wants('rate')) for (const shape of FLAT_OUT) await rate(shape, server)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function cpu(mode: Mode, server: RedisServer, folder: string): Promise<void> {
  const upstreamPort = await freePort()
  const started: Measured[] = [await start('upstream', ['test/bench/upstream.ts'], upstreamPort)]
  try {
    for (const isShared of [false, true]) {
      const port = await freePort()
      const file = join(folder, `${mode}-${isShared ? 'shared' : 'single'}.json`)
      const { keys, limits } = POOLS[mode]
      const provider = {
        format: 'openai',
        base_url: `http://127.0.0.1:${upstreamPort}/v1`,
        keys: Array.from({ length: keys }, (_, index) => `key-${index}-of-the-bench`),
        limits,
      }
      const state = { url: server.url, prefix: `cpu-${mode}`, timeout: '5s' }
      const config = { providers: { openai: provider }, ...(isShared && { state }), server: { port } }
      writeFileSync(file, JSON.stringify(config))
      started.push(await start(isShared ? 'shared' : 'single', [MAIN, 'serve', '--config', file], port))
    }
    const gateways = started.slice(1)
    const costs = gateways.map((): number[] => [])
    const rounds = Number(values.rounds)
    for (let round = -WARM_UP; round < rounds; round++) {
      // Turn and turn about, so that neither has the better half of the machine's time.
      for (const [index, gateway] of round % 2 === 0 ? [...gateways.entries()] : [...gateways.entries()].toReversed()) {
        const before = await gateway.cost()
        const { failed } = await load(targetOf(PHASE, gateway.port, { bare: false }), REQUESTS, CONNECTIONS)
        if (failed > 0) throw new Error(`${gateway.name} failed ${failed} of ${REQUESTS}`)
        const after = await gateway.cost()
        if (round >= 0) costs[index]?.push((after.cpu - before.cpu) / REQUESTS)
      }
    }
    const [single = 0, shared = 0] = costs.map(median)
    const { replicas } = await report(gateways[1]?.port ?? 0)
    const trips = replicas.roundTrips / ((rounds + WARM_UP) * REQUESTS)
    console.log(
      `CPU of a request, ${mode}: single ${single.toFixed(0)} µs, shared ${shared.toFixed(0)} µs: ` +
        `${verdict(shared / single, GOALS[mode], '×')}; ${trips.toFixed(3)} round trips a request`,
    )
  } finally {
    for (const each of started.toReversed()) await each.stop()
  }
}

async function report(port: number): Promise<{ replicas: { roundTrips: number; ahead: number } }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/scheduler`)
  return (await answer.json()) as Awaited<ReturnType<typeof report>>
}

/** Turn and turn about in rounds of a second: a machine that is busy for a moment makes one of them late, and not the half of all. */
async function added(mode: Mode, server: RedisServer): Promise<void> {
  const both = [await askerOf(mode, undefined), await askerOf(mode, server.url)]
  const rounds = both.map((): number[][] => [])
  for (let round = -1; round < Number(values.seconds); round++)
    for (const [index, each] of both.entries()) {
      const times = await each.round(RATE, 1)
      if (round >= 0) rounds[index]?.push(times)
    }
  for (const each of both) await each.close()
  const at = (part: number): number[] =>
    rounds.map((each) => median(each.map((times) => times[Math.floor(times.length * part)] ?? 0)))
  const words = (times: readonly number[]): string => times.map((each) => each.toFixed(2)).join(' → ')
  const [single = 0, shared = 0] = at(0.99)
  console.log(
    `A key at ${RATE} a second, ${mode}: p50 ${words(at(0.5))} ms, p99 ${words([single, shared])} ms: ` +
      verdict(shared - single, GOALS.added, ' ms more'),
  )
}

async function rate(shape: FlatOut, server: RedisServer): Promise<void> {
  const seconds = Number(values.seconds)
  const children = Array.from({ length: CLIENTS }, () =>
    fork(fileURLToPath(import.meta.url), ['client', server.url, shape, values.seconds]),
  )
  try {
    await Promise.all(children.map((child) => once(child, 'message')))
    const counted = children.map((child) => once(child, 'message') as Promise<[FlatOutResult]>)
    const before = await cpuOf(server)
    for (const child of children) child.send('go')
    const results = (await Promise.all(counted)).map(([result]) => result)
    const after = await cpuOf(server)
    const count = results.reduce((sum, each) => sum + each.count, 0)
    const clients = results.reduce((sum, each) => sum + each.cpu, 0)
    console.log(
      `${CLIENTS} clients, one server, ${shape}: ${(count / seconds).toFixed(0)} keys a second ` +
        `(goal ${GOALS.rate}, ${count / seconds >= GOALS.rate ? 'met' : 'MISSED'}); a key costs ` +
        `${((after - before) / count).toFixed(1)} µs of the server's core, ${(clients / count).toFixed(1)} of its client's: ` +
        `${((after - before + clients) / seconds / 1e6).toFixed(2)} cores were busy with it`,
    )
  } finally {
    for (const child of children) child.kill('SIGTERM')
  }
}

interface FlatOutResult {
  count: number
  /** Microseconds. */
  cpu: number
}

/** Microseconds that the server has worked. */
async function cpuOf(server: RedisServer): Promise<number> {
  const told = String(await server.command('INFO', 'cpu'))
  const of = (name: string): number => Number(new RegExp(`^${name}:(.*)`, 'm').exec(told)?.[1])
  return (of('used_cpu_user') + of('used_cpu_sys')) * 1e6
}

async function client(): Promise<void> {
  const [, , , url = '', shape, seconds] = process.argv
  const run = await acquireFlatOut(url, shape as FlatOut, Number(seconds))
  const go = async (): Promise<void> => {
    const before = process.cpuUsage()
    const count = await run()
    const { user, system } = process.cpuUsage(before)
    process.send?.({ count, cpu: user + system } satisfies FlatOutResult)
  }
  process.once('message', () => void go())
  process.send?.('ready')
}

function verdict(measured: number, goal: number, unit: string): string {
  return `${measured.toFixed(2)}${unit} (goal ${goal}${unit}, ${measured <= goal ? 'met' : 'MISSED'})`
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}
