/** Replicas as processes of their own, on one shared state, before one upstream that enforces its limits to the letter. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { arrivalOf, LEASE_HEADER, type Arrival } from '../soak/lease-moments.ts'

export interface Fleet {
  addresses: string[]
  /** Ends one at once, as a crash does. */
  kill(index: number): Promise<void>
  /** What the upstream has seen. */
  upstream(): { requests: number; refused: number }
  /** Each request that the upstream has seen, where replicas say when its lease was given. */
  arrivals: readonly Arrival[]
  reports(): Promise<{ inFlight: number; queued: number; replicas: { state: string; replicas: string[] } }[]>
  close(): Promise<void>
}

export interface FleetSpec {
  /** Of the shared state: one for all, or one for each; replicas count for themselves where there is none. */
  url: string | readonly string[] | undefined
  count: number
  keys: string[]
  /** As a configuration writes them. */
  declared: Record<string, unknown>[]
  enforced: EnforcedLimit[]
  /** Milliseconds until the upstream answers. */
  first_byte?: number
  state?: Record<string, unknown>
  max_wait?: string
  /** Do replicas say so? */
  stamped?: boolean
}

const STAMP = new URL('../soak/lease-stamp.ts', import.meta.url).href

export async function startFleet(spec: FleetSpec): Promise<Fleet> {
  const { url, count, keys, declared, enforced, first_byte = 50, state = {}, max_wait = '2s', stamped = false } = spec
  const arrivals: Arrival[] = []
  const sandbox = await startSandbox({
    first_byte,
    pace: 0,
    // One that names no window: to be told of 30 "per min" where it is 30 in two seconds would teach a wrong limit.
    enforce: { dialect: 'blind', limits: enforced },
    behave({ key, headers }) {
      if (!stamped) return undefined
      const { refused, keys } = sandbox.stats
      const running = (keys[key]?.inFlight ?? 1) - 1
      const arrival = arrivalOf(headers[LEASE_HEADER], { key, at: Date.now(), running })
      arrivals.push(arrival)
      // It is decided in this turn.
      queueMicrotask(() => (arrival.isRefused = sandbox.stats.refused > refused))
      return undefined
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-fleet-'))
  const files = Array.from({ length: count }, (_, index) => {
    const file = join(folder, `providers-${index}.yaml`)
    const own = typeof url === 'string' ? url : url?.[index]
    const config = {
      providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys, limits: declared } },
      models: { fast: ['up/sandbox'] },
      scheduler: { max_wait },
      ...(own && { state: { url: own, timeout: '500ms', ...state } }),
    }
    writeFileSync(file, JSON.stringify(config))
    return file
  })
  const env = stamped ? { NODE_OPTIONS: `--import ${STAMP}` } : {}
  const children = files.map((file) => start(['serve', '--config', file, '--port', '0'], env))
  const addresses = await Promise.all(children.map(greeted))
  const alive = children.map(() => true)
  const ended = (index: number): Promise<unknown> => {
    const child = children[index]
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return once(child, 'exit')
  }
  return {
    addresses,
    async kill(index) {
      alive[index] = false
      const gone = ended(index)
      children[index]?.kill('SIGKILL')
      await gone
    },
    arrivals,
    upstream: () => ({ requests: sandbox.stats.requests, refused: sandbox.stats.refused }),
    reports: () =>
      Promise.all(
        addresses
          .filter((_, index) => alive[index])
          .map(async (address) => {
            const answer = await fetch(`${address}/v1/scheduler`)
            return (await answer.json()) as Awaited<ReturnType<Fleet['reports']>>[number]
          }),
      ),
    async close() {
      const gone = children.map((_, index) => ended(index))
      for (const child of children) child.kill('SIGTERM')
      await Promise.all(gone)
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Drive {
  served: number
  /** Any status but 200 and 429, or none. */
  others: Record<string, number>
}

/** Seconds: who is told to come back later than this has met the end of a day's quota. */
const LONG = 600

/** Clients that ask again and again, each of its own replica, until the day's quota is spent, or so many were served. */
export async function spend(addresses: string[], clients: number, most = Infinity): Promise<Drive> {
  const outcome: Drive = { served: 0, others: {} }
  const client = async (address: string): Promise<void> => {
    while (outcome.served < most) {
      const told = await ask(address)
      if (told === 'served') outcome.served++
      else if (typeof told === 'number') {
        if (told > LONG) return
      } else return void (outcome.others[told] = (outcome.others[told] ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, index) => client(addresses[index % addresses.length] ?? '')))
  return outcome
}

/** What became of one request; of a refusal, the seconds that were told. */
async function ask(address: string): Promise<string | number> {
  try {
    const answer = await fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    await answer.text()
    if (answer.status === 429) return Number(answer.headers.get('retry-after'))
    return answer.status === 200 ? 'served' : String(answer.status)
  } catch {
    return 'no answer'
  }
}
