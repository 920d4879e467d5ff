/**
 * `npm run soak:replicas -- --seconds 60 --shapes bucket,sliding,fixed --faults kill,pause,stop,restart,lose`: four replica processes
 * on one state, before a provider that enforces its limits to the letter, under 1.5 times what it admits; faults strike in the
 * middle. Prints what the provider refused, how much of it was used, how even clients of different replicas fared, and what is
 * under way in the end. Fails where the provider refused anything while the data survived, or more than a static share where not.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, type RedisServer } from '../replicas/redis-server.ts'
import { startFleet, type Fleet } from '../replicas/fleet.ts'
import { drive, type Driven } from './replicas-drive.ts'

const FAULTS = ['kill', 'pause', 'stop', 'restart', 'lose'] as const
type Fault = (typeof FAULTS)[number]
const SHAPES = ['bucket', 'sliding', 'fixed'] as const
type Shape = (typeof SHAPES)[number]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    shapes: { type: 'string', default: SHAPES.join() },
    faults: { type: 'string', default: FAULTS.join() },
    load: { type: 'string', default: '1.5' },
    replicas: { type: 'string', default: '4' },
    requests: { type: 'string', default: '30' },
    period: { type: 'string', default: '2' },
  },
})
const seconds = Number(values.seconds)
const REPLICAS = Number(values.replicas)
const KEYS = ['a', 'b', 'c', 'd']
/** For each key, in a period of so many milliseconds. */
const AMOUNT = Number(values.requests)
const PERIOD = Number(values.period) * 1000
const AT_ONCE = 4
const WARM_UP = 0.4
const WARM_SECONDS = 6
const CLIENTS = 2 * REPLICAS
/** What a fault that loses data may cost: the amount of one period. */
const ONE_PERIOD = KEYS.length * AMOUNT

let misses = 0
for (const shape of SHAPES.filter((each) => values.shapes.split(',').includes(each))) misses += await soak(shape)
process.exitCode = misses === 0 ? 0 : 1

async function soak(shape: Shape): Promise<number> {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  const fleet = await startFleet({
    url: server.url,
    count: REPLICAS,
    keys: KEYS,
    declared: [{ requests: AMOUNT, per: `${PERIOD}ms`, shape }, { concurrency: AT_ONCE }],
    enforced: [
      { metric: 'requests', amount: AMOUNT, period: PERIOD, shape },
      { metric: 'concurrency', amount: AT_ONCE, period: 0 },
    ],
    max_wait: '4s',
    state: { timeout: '200ms', replicas: REPLICAS },
  })
  try {
    // A process that has just begun sends its first requests late, and so would seem to send later ones early.
    const rate = (KEYS.length * AMOUNT * 1000) / PERIOD
    await drive(fleet.addresses, { rate: rate * WARM_UP, clients: CLIENTS, seconds: WARM_SECONDS })
    await sleep(PERIOD)
    const warm = fleet.upstream()
    const lag = monitorEventLoopDelay({ resolution: 5 })
    lag.enable()
    const faults = FAULTS.filter((each) => values.faults.split(',').includes(each))
    const driven = drive(fleet.addresses, { rate: rate * Number(values.load), clients: CLIENTS, seconds })
    const refusedAt: [Fault, number][] = []
    for (const fault of faults) {
      await sleep((seconds * 1000) / (faults.length + 1))
      const before = sinceWarm(fleet, warm).refused
      await strike(fault, server, fleet)
      refusedAt.push([fault, before])
    }
    const outcome = await driven
    lag.disable()
    const left = await leftOver(fleet)
    return tell(shape, outcome, sinceWarm(fleet, warm), refusedAt, left, lag.max / 1e6)
  } finally {
    await fleet.close()
    await server.close()
  }
}

function sinceWarm(fleet: Fleet, warm: ReturnType<Fleet['upstream']>): ReturnType<Fleet['upstream']> {
  const { requests, refused } = fleet.upstream()
  return { requests: requests - warm.requests, refused: refused - warm.refused }
}

async function strike(fault: Fault, server: RedisServer, fleet: Fleet): Promise<void> {
  switch (fault) {
    case 'kill':
      return fleet.kill(REPLICAS - 1)
    case 'pause':
      return void (await server.command('CLIENT', 'PAUSE', '2000', 'ALL'))
    case 'stop':
      server.process.kill('SIGSTOP')
      await sleep(2000)
      return void server.process.kill('SIGCONT')
    case 'restart':
      await server.kill()
      await sleep(500)
      return server.start()
    case 'lose':
      await server.kill()
      await server.forget()
      await sleep(500)
      return server.start()
  }
}

/** Requests under way or waiting when all clients have gone. */
async function leftOver(fleet: Fleet): Promise<number> {
  for (let look = 0; ; look++) {
    const reports = await fleet.reports()
    const left = reports.reduce((sum, { inFlight, queued }) => sum + inFlight + queued, 0)
    if (left === 0 || look === 50) return left
    await sleep(100)
  }
}

function tell(
  shape: Shape,
  { served, byClient, others, elapsed }: Driven,
  upstream: { requests: number; refused: number },
  refusedAt: [Fault, number][],
  left: number,
  late: number,
): number {
  // A full bucket, or the window that is open at the start, comes on top of the rate.
  const most = KEYS.length * AMOUNT * (elapsed / PERIOD + (shape === 'bucket' ? 1 : 0.5))
  const lastReplica = (_: number, index: number): boolean => index % REPLICAS < REPLICAS - 1
  const alive = REPLICAS === 1 ? byClient : byClient.filter(lastReplica)
  const fairness = Math.min(...alive) / (alive.reduce((sum, each) => sum + each, 0) / alive.length)
  const lossy = refusedAt.findIndex(([fault]) => fault === 'lose')
  const exact = lossy < 0 ? upstream.refused : (refusedAt[lossy]?.[1] ?? 0)
  const lost = upstream.refused - exact
  console.log(
    `${shape}: ${upstream.requests} sent, ${exact} in excess, ${lost} after data was lost (at most ${ONE_PERIOD}); ` +
      `${served} served, ${((100 * served) / most).toFixed(1)} % of all that fits; fairness ${fairness.toFixed(3)}; ` +
      `${left} under way in the end; the provider was late by ${late.toFixed(0)} ms at most, ` +
      `of ${Math.min(120, PERIOD * 0.07).toFixed(0)} that are allowed for; others ${JSON.stringify(others)}; excess before ${refusedAt.map(([fault, n]) => `${fault} ${n}`).join(', ')}`,
  )
  return Number(exact > 0) + Number(lost > ONE_PERIOD) + Number(left > 0)
}
