/**
 * `npm run bench:page [-- --rounds 3 --rate 500 --keys 50]`: what the page costs that is open in five browsers, beside what a gateway
 * costs that is under load and logs its requests: CPU a second of either, by the operating system's accounting, turn and turn about in one
 * run. They are not measured at once: on a busy machine one request costs a quarter more or less than the next, and two percent drown in
 * that. Each page reads the live feed, as every view does; of the five, one shows Traffic and one Requests, and asks as often as the page.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pacedLoad } from './paced-load.ts'
import { targetOf } from './phases.ts'
import { CORES, pin } from './pin.ts'
import { freePort, start, type Measured } from './process.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    keys: { type: 'string', default: '50' },
  },
})
/** Milliseconds of load, and of pages that are open: long enough for each view to ask several times. */
const LOADED = 5000
const OPEN = 20_000
/** Until what a page asks for when it is opened is over. */
const OPENING = 2000
const GOAL = 2
const PHASE = { provider: 'openai', model: 'bench-json', prompt: 60 } as const

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const rate = Number(values.rate)
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
writeFileSync(join(directory, 'providers.yaml'), JSON.stringify(configuration(upstream.port, Number(values.keys))))
mkdirSync(join(directory, 'data'))
const args = [file('./observed-server.ts'), join(directory, 'providers.yaml'), join(directory, 'data')]
const gateway = await start('gateway', args, await freePort())
pin(gateway.pid, CORES.measured)
pin(upstream.pid, CORES.drivers)
pin(process.pid, CORES.drivers)

interface Page {
  /** What it was sent, in bytes. */
  bytes(): number
  close(): Promise<void>
}

/** @param asked what the view asks for beside the feed, and how often (milliseconds) */
function openPage(port: number, asked?: { path: () => string; every: number }): Page {
  const leave = new AbortController()
  let bytes = 0
  const read = async (path: string): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: leave.signal })
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    for await (const piece of answer.body ?? []) bytes += (piece as Uint8Array).length
  }
  const unlessLeft = (cause: unknown): void => {
    if (!leave.signal.aborted) throw cause
  }
  const feed = read('/v1/admin/live').catch(unlessLeft)
  const ask = (): void => void (asked && read(asked.path()).catch(unlessLeft))
  ask()
  const timer = asked && setInterval(ask, asked.every)
  return {
    bytes: () => bytes,
    async close() {
      clearInterval(timer)
      leave.abort()
      await feed
    },
  }
}

const STEP = 15_000
const traffic = (): string => {
  const until = Math.ceil(Date.now() / STEP) * STEP
  return `/v1/admin/traffic?by=model&since=${until - 60 * STEP}&until=${until}&step=${STEP}`
}

function openFive({ port }: Measured): Page[] {
  return [
    openPage(port),
    openPage(port),
    openPage(port),
    openPage(port, { path: traffic, every: 5000 }),
    openPage(port, { path: () => '/v1/admin/requests?limit=50', every: 2000 }),
  ]
}

/** CPU milliseconds, while something goes on. */
async function costOf<T>(what: () => Promise<T>): Promise<{ cost: number; done: T }> {
  const before = await gateway.cost()
  const done = await what()
  return { cost: ((await gateway.cost()).cpu - before.cpu) / 1000, done }
}

/** CPU milliseconds a second while nothing is asked. */
async function costOfRest(milliseconds: number): Promise<number> {
  const began = performance.now()
  const { cost } = await costOf(() => sleep(milliseconds))
  return (cost * 1000) / (performance.now() - began)
}

/** @returns how many were answered */
async function load(milliseconds: number): Promise<number> {
  const result = await pacedLoad(targetOf(PHASE, gateway.port, { bare: false }), rate, milliseconds)
  if (result.failed > 0) throw new Error(`${result.failed} requests failed`)
  return result.answered
}

try {
  // warm, and with a log that is long for those who read it
  await load(4 * LOADED)
  const shares: number[] = []
  // what the first round compiles and reads does not count
  for (let round = -1; round < Number(values.rounds); round++) {
    const { cost, done: answered } = await costOf(() => load(LOADED))
    // a busy machine sends fewer than are due, and each costs the same
    const loaded = (cost / answered) * rate
    const idle = await costOfRest(LOADED)
    const pages = openFive(gateway)
    await sleep(OPENING)
    const open = await costOfRest(OPEN)
    await Promise.all(pages.map((page) => page.close()))
    const sent = pages.reduce((sum, page) => sum + page.bytes(), 0) / (OPENING + OPEN)
    const share = (100 * (open - idle)) / loaded
    if (round < 0) continue
    shares.push(share)
    console.log(
      `CPU ms a second: ${loaded.toFixed(0)} under load, ${idle.toFixed(1)} idle, ${open.toFixed(1)} with five pages (${sent.toFixed(0)} kB a second): ${share.toFixed(1)} %`,
    )
  }
  const middle = shares.toSorted((a, b) => a - b)[shares.length >> 1] ?? Number.NaN
  console.log(`five pages cost ${middle.toFixed(1)} % of what ${rate} requests a second cost (at most ${GOAL} %)`)
} finally {
  await gateway.stop()
  await upstream.stop()
  rmSync(directory, { recursive: true, force: true })
}

/** Limits that hold nobody back, and are counted all the same. */
function configuration(port: number, keys: number): object {
  const limits = [{ rpm: 1_000_000 }, { tpm: 1_000_000_000 }, { concurrency: 1000 }]
  return {
    providers: {
      openai: {
        format: 'openai',
        base_url: `http://127.0.0.1:${port}/v1`,
        keys: Array.from({ length: keys }, (_, index) => `openai-key-${index + 1}`),
        limits,
        models: { 'bench-json': { price: { input: 1, output: 4 } } },
      },
    },
    models: { bench: ['openai/bench-json'] },
  }
}
