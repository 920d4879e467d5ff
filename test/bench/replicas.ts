/**
 * `npm run bench:replicas`: what a shared state costs, as ratios of one run: CPU of a request with slices, and with one round trip
 * each, against a single process with the same limits; what it adds to the time for a key at 2,000 requests a second; and how many
 * keys four clients are given in a second by one server. `-- --rounds 30 --seconds 5`.
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
import { acquireFlatOut, latencies, MODES, type Mode } from './replicas-clients.ts'

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
    if (wants('rate')) await rate(server)
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

async function added(mode: Mode, server: RedisServer): Promise<void> {
  const single = await latencies(mode, undefined, RATE, Number(values.seconds))
  const shared = await latencies(mode, server.url, RATE, Number(values.seconds))
  const more = shared.p99 - single.p99
  console.log(
    `A key at ${RATE} a second, ${mode}: p50 ${single.p50.toFixed(2)} → ${shared.p50.toFixed(2)} ms, ` +
      `p99 ${single.p99.toFixed(2)} → ${shared.p99.toFixed(2)} ms: ${verdict(more, GOALS.added, ' ms more')}`,
  )
}

async function rate(server: RedisServer): Promise<void> {
  const children = Array.from({ length: CLIENTS }, () =>
    fork(fileURLToPath(import.meta.url), ['client', server.url, values.seconds]),
  )
  try {
    const ready = children.map((child) => once(child, 'message'))
    await Promise.all(ready)
    const counted = children.map((child) => once(child, 'message'))
    for (const child of children) child.send('go')
    const counts = (await Promise.all(counted)).map(([count]) => Number(count))
    const sum = counts.reduce((total, each) => total + each, 0) / Number(values.seconds)
    const rated = verdict(GOALS.rate / sum, 1, ` of the goal's time`)
    console.log(`${CLIENTS} clients, one server: ${sum.toFixed(0)} keys a second, of three limits each: ${rated}`)
  } finally {
    for (const child of children) child.kill('SIGTERM')
  }
}

async function client(): Promise<void> {
  const run = await acquireFlatOut(process.argv[3] ?? '', Number(process.argv[4]))
  process.once('message', () => void run().then((count) => process.send?.(count)))
  process.send?.('ready')
}

function verdict(measured: number, goal: number, unit: string): string {
  return `${measured.toFixed(2)}${unit} (goal ${goal}${unit}, ${measured <= goal ? 'met' : 'MISSED'})`
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}
