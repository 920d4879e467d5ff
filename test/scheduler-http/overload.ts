/** More requests than a pool of keys can serve, on real sockets, against upstreams that enforce their limits. */
import type { SandboxOptions } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { steadyClock, type TestClock } from './clock.ts'
import { startGateway, type TestGateway } from './gateway.ts'

export interface Load {
  /** What the upstream does, and what it enforces. */
  sandbox: SandboxOptions
  /** The provider as configured, without its address; `keys` among it. */
  provider: Record<string, unknown>
  /** Beside the provider: `formats`, `server`, `scheduler`. */
  config?: Record<string, unknown>
  /** Requests a second, evenly spread, for so many seconds. */
  rate: number
  seconds: number
  /** The gap before the next request, as a share of an even one; 1 when absent. */
  gap?: () => number
  /** How often a client comes back after a 429, when it was told to. */
  returns?: number
  /** The body of a request; a short chat by default. */
  body?: (number: number) => Record<string, unknown>
  headers?: (number: number) => Record<string, string>
  /** What the clocks show at the beginning, in milliseconds since 1970. */
  start?: number
  /** Time as it goes on a machine that does nothing else, unless another is given. */
  clock?: TestClock
}

export interface Outcome {
  offered: number
  served: number
  /** 429s that clients saw, those included after which they came back. */
  refused: number
  /** Of them, those without a time to come back. */
  timeless: number
  /** Served after they were refused and came back at the time they had been told; and refused again. */
  returned: { served: number; refused: number }
  /** Any other status, with how often. */
  others: Record<number, number>
  upstream: { requests: number; refused: number }
  /** Milliseconds: the longest from asking to an answer of either kind. */
  longest: number
  /** Milliseconds from first asking to the whole answer, of those that were served. */
  times: number[]
  /** Requests by key. */
  keys: Record<string, number>
  /** At the end. */
  inFlight: number
  queued: number
}

export async function overload(load: Load): Promise<Outcome> {
  const clock = load.clock ?? steadyClock(load.start)
  const sandbox = await startSandbox({ first_byte: 0, pace: 0, now: clock.wall, ...load.sandbox })
  const gateway = await startGateway(
    {
      ...load.config,
      providers: { up: { base_url: `${sandbox.url}/v1`, ...load.provider } },
      models: { fast: ['up/sandbox'] },
    },
    { clock },
  )
  try {
    const outcome = await drive(gateway, load, clock)
    const { inFlight, queued } = await gateway.report()
    const { requests, refused, keys } = sandbox.stats

    return {
      ...outcome,
      inFlight,
      queued,
      upstream: { requests, refused },
      keys: Object.fromEntries(Object.entries(keys).map(([name, { requests }]) => [name, requests])),
    }
  } finally {
    await gateway.close()
    await sandbox.close()
    clock.stop()
  }
}

type Driven = Omit<Outcome, 'upstream' | 'keys' | 'inFlight' | 'queued'>

async function drive(gateway: TestGateway, load: Load, clock: TestClock): Promise<Driven> {
  const outcome: Driven = {
    offered: 0,
    served: 0,
    refused: 0,
    timeless: 0,
    returned: { served: 0, refused: 0 },
    others: {},
    longest: 0,
    times: [],
  }
  const running: Promise<void>[] = []
  const began = clock.now()
  for (let due = 0; clock.now() - began < load.seconds * 1000; await clock.sleep(5)) {
    for (; due <= clock.now() - began; due += ((load.gap?.() ?? 1) * 1000) / load.rate)
      running.push(client(gateway, load, outcome.offered++, outcome, clock))
  }
  await Promise.all(running)
  return outcome
}

/** Milliseconds: who is told to come back later than this does not. */
const PATIENCE = 10_000

/** One client: asks, and comes back as told. */
async function client(
  gateway: TestGateway,
  load: Load,
  number: number,
  outcome: Driven,
  clock: TestClock,
): Promise<void> {
  const { returns = 0, body = () => ({}), headers = () => ({}) } = load
  const first = clock.now()
  for (let visit = 0; ; visit++) {
    const asked = clock.now()
    const answer = await gateway.ask(body(number), headers(number))
    await answer.text()
    outcome.longest = Math.max(outcome.longest, clock.now() - asked)
    if (answer.status === 200) {
      outcome.served++
      outcome.times.push(clock.now() - first)
      if (visit > 0) outcome.returned.served++
      return
    }
    if (answer.status !== 429) {
      outcome.others[answer.status] = (outcome.others[answer.status] ?? 0) + 1
      return
    }
    outcome.refused++
    if (visit > 0) outcome.returned.refused++
    const wait = Number(answer.headers.get('retry-after-ms') ?? Number.NaN)
    if (!(wait > 0) || answer.headers.get('retry-after') === null) outcome.timeless++
    if (visit >= returns || !(wait <= PATIENCE)) return
    await clock.sleep(wait)
  }
}
