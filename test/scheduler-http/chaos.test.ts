import { Agent, request } from 'node:http'
import { expect, it } from 'vitest'
import { FAULTS, type Behaviour } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'
import { startGateway, used } from './gateway.ts'

const REQUESTS = 120
const KEYS = 8
const STATUSES = [401, 429, 500, 503]
type Random = () => number

const below = (random: Random, most: number): number => Math.floor(random() * most)

/** What an upstream does: mostly well, at times anything but. */
function misbehaviour(random: Random): Behaviour | undefined {
  const first_byte = below(random, 40)
  if (random() < 0.55) return { first_byte, pace: below(random, 4), words: 12 }
  if (random() < 0.3) return { status: STATUSES[below(random, STATUSES.length)] }
  return { first_byte, pace: 2, words: 12, fault: FAULTS[below(random, FAULTS.length)] }
}

/** When a client leaves: at once or while it waits, after some pieces of its answer, or never. */
type Leaving = { after: number } | { pieces: number } | undefined

function leaving(random: Random): Leaving {
  if (random() < 0.5) return undefined
  return random() < 0.6 ? { after: below(random, 60) } : { pieces: 1 + below(random, 4) }
}

/** Resolves when its socket is closed, whoever closed it. */
function client(url: string, stream: boolean, leave: Leaving): Promise<void> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false })
    const headers = { 'content-type': 'application/json' }
    const asked = request(`${url}/v1/chat/completions`, { method: 'POST', agent, headers })
    let timer: NodeJS.Timeout | undefined
    asked.on('close', () => {
      clearTimeout(timer)
      agent.destroy()
      resolve()
    })
    asked.on('error', () => {})
    asked.on('response', (response) => {
      let pieces = 0
      response.on('error', () => {})
      response.on('data', () => {
        if (leave && 'pieces' in leave && ++pieces >= leave.pieces) asked.destroy()
      })
    })
    asked.end(JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50, stream }))
    if (leave && 'after' in leave) timer = setTimeout(() => asked.destroy(), leave.after)
  })
}

/** Timers and sockets of this process, as they are listed. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = { Timeout: 0, TCPSocketWrap: 0, TCPServerWrap: 0 }
  for (const name of process.getActiveResourcesInfo()) if (name in counts) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

it.each([1, 2, 3])(
  'clients vanish and upstreams break: everything is given back, and nothing is left running (%i)',
  { timeout: 60_000 },
  async (seed) => {
    const before = resources()
    const { random } = seededChance(seed)
    const sandbox = await startSandbox({ first_byte: 0, pace: 0, behave: () => misbehaviour(random) })
    const gateway = await startGateway({
      server: { timeouts: { connect: 300, first_byte: 300, idle: 300, total: 1500 }, heartbeat: 20 },
      scheduler: { max_wait: 400 },
      providers: {
        up: {
          format: 'openai',
          base_url: `${sandbox.url}/v1`,
          keys: Array.from({ length: KEYS }, (_, i) => `key-${i}`),
          limits: [{ concurrency: 2 }, { requests: 1000, per: 'hour' }, { tokens: 1_000_000, per: 'hour' }],
        },
      },
      models: { fast: ['up/sandbox'] },
    })
    // who leaves before a busy machine has written its request was never here
    let seen = 0
    gateway.app.server.server.on('request', () => void seen++)
    const clients: Promise<void>[] = []
    for (let i = 0; i < REQUESTS; i++) {
      clients.push(client(gateway.url, random() < 0.6, leaving(random)))
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, below(random, 12)))
    }
    await Promise.all(clients)

    await expect
      .poll(() => gateway.app.scheduler.report(), { timeout: 30_000 })
      .toMatchObject({ inFlight: 0, queued: 0 })
    await expect.poll(() => sandbox.stats.inFlight, { timeout: 30_000 }).toBe(0)
    const report = gateway.app.scheduler.report()
    expect(used(report, 'concurrency')).toBe(0)
    for (const { inFlight } of report.keys) expect(inFlight).toBe(0)
    // what was answered has been counted; of what broke, a provider may have counted any
    expect(used(report, 'requests/3600s')).toBeGreaterThanOrEqual(sandbox.stats.completed - sandbox.stats.refused)
    expect(used(report, 'requests/3600s')).toBeLessThanOrEqual(sandbox.stats.requests)
    expect(used(report, 'tokens/3600s')).toBeGreaterThan(0)
    expect(used(report, 'tokens/3600s')).toBeLessThanOrEqual(sandbox.stats.requests * 100)
    // chaos it was: requests ended in many ways, some of them well
    const outcomes = Map.groupBy(gateway.records, ({ outcome }) => outcome)
    expect(outcomes.size).toBeGreaterThan(2)
    expect(outcomes.get('ok')?.length).toBeGreaterThan(0)
    expect(outcomes.get('cancelled')?.length).toBeGreaterThan(0)
    expect(seen).toBeGreaterThan(REQUESTS / 2)
    // each request was told of once, however it ended
    await expect.poll(() => gateway.records.length).toBe(seen)
    for (const { queue_ms, total_ms } of gateway.records) expect(queue_ms).toBeLessThanOrEqual(total_ms + 1)

    await gateway.close()
    await sandbox.close()
    const left = (): string[] =>
      Object.entries(resources()).flatMap(([name, n]) => (n > (before[name] ?? 0) ? name : []))
    await expect.poll(left, { timeout: 30_000 }).toEqual([])
  },
)
