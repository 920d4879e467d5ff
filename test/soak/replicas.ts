/**
 * `npm run soak:replicas -- --seconds 60 --shapes bucket,sliding,fixed --faults kill,pause,stop,restart,lose`: four replica processes
 * on one state, before a provider that enforces its limits to the letter, under 1.5 times what it admits; faults strike in the
 * middle. Prints what the provider refused, what would have been too many had each request come at the moment of its lease, how
 * much was used, how even clients of different replicas fared, and what is under way in the end. Fails where leases were too many
 * while the data survived, or more than a static share where not: what came late on a busy machine is printed, and no fault.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, type RedisServer } from '../replicas/redis-server.ts'
import { startFleet, type Fleet } from '../replicas/fleet.ts'
import { lateness, tooMany, type Arrival } from './lease-moments.ts'
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
  const enforced = [
    { metric: 'requests' as const, amount: AMOUNT, period: PERIOD, shape },
    { metric: 'concurrency' as const, amount: AT_ONCE, period: 0 },
  ]
  const fleet = await startFleet({
    url: server.url,
    count: REPLICAS,
    keys: KEYS,
    declared: [{ requests: AMOUNT, per: `${PERIOD}ms`, shape }, { concurrency: AT_ONCE }],
    enforced,
    stamped: true,
    max_wait: '4s',
    // Longer than a busy machine takes to answer: who is cut off alone uses its share on top of what the others use.
    state: { timeout: '500ms', replicas: REPLICAS },
  })
  try {
    // A process that has just begun sends its first requests late, and so would seem to send later ones early.
    const rate = (KEYS.length * AMOUNT * 1000) / PERIOD
    await drive(fleet.addresses, { rate: rate * WARM_UP, clients: CLIENTS, seconds: WARM_SECONDS })
    await sleep(PERIOD)
    const warm = fleet.upstream().requests
    const lag = monitorEventLoopDelay({ resolution: 5 })
    lag.enable()
    const faults = FAULTS.filter((each) => values.faults.split(',').includes(each))
    const driven = drive(fleet.addresses, { rate: rate * Number(values.load), clients: CLIENTS, seconds })
    const struck: [Fault, number][] = []
    for (const fault of faults) {
      await sleep((seconds * 1000) / (faults.length + 1))
      struck.push([fault, Date.now()])
      await strike(fault, server, fleet)
    }
    const outcome = await driven
    lag.disable()
    const left = await leftOver(fleet)
    const over = new Set(tooMany(fleet.arrivals, enforced))
    const judged = fleet.arrivals.slice(warm).map((each) => ({ ...each, isOver: over.has(each), late: lateness(each) }))
    return tell(shape, outcome, judged, struck, left, lag.max / 1e6)
  } finally {
    await fleet.close()
    await server.close()
  }
}

interface Judged extends Arrival {
  /** Would it have been too many at the moment of its lease? */
  isOver: boolean
  /** Milliseconds after that moment. */
  late: number
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
  judged: readonly Judged[],
  struck: readonly [Fault, number][],
  left: number,
  lag: number,
): number {
  // A full bucket, or the window that is open at the start, comes on top of the rate.
  const most = KEYS.length * AMOUNT * (elapsed / PERIOD + (shape === 'bucket' ? 1 : 0.5))
  const lastReplica = (_: number, index: number): boolean => index % REPLICAS < REPLICAS - 1
  const alive = REPLICAS === 1 ? byClient : byClient.filter(lastReplica)
  const fairness = Math.min(...alive) / (alive.reduce((sum, each) => sum + each, 0) / alive.length)
  const lostAt = struck.find(([fault]) => fault === 'lose')?.[1] ?? Infinity
  const before = judged.filter(({ at }) => at < lostAt)
  const after = judged.filter(({ at }) => at >= lostAt)
  const late = judged.map((each) => each.late).toSorted((a, b) => a - b)
  const part = (share: number): string => (late[Math.floor((late.length - 1) * share)] ?? 0).toFixed(0)
  const told = judged.filter(({ isRefused, isOver }) => isRefused || isOver)
  const overBefore = count(before, 'isOver')
  const overAfter = count(after, 'isOver')
  console.log(
    `${shape}: ${judged.length} sent, ${judged.filter(({ moment }) => moment === undefined).length} of them while the state was away; ` +
      `too many by the moments of their leases ${overBefore}, after data was lost ${overAfter} (at most ${ONE_PERIOD}); ` +
      `refused by the provider ${count(before, 'isRefused')}, after data was lost ${count(after, 'isRefused')}; ` +
      `${served} served, ${((100 * served) / most).toFixed(1)} % of all that fits; fairness ${fairness.toFixed(3)}; ` +
      `${left} under way in the end; others ${JSON.stringify(others)}`,
  )
  console.log(
    `  a request came ${part(0.5)} ms after its lease, ${part(0.99)} ms at p99, ${part(1)} ms at most, ` +
      `of ${Math.min(120, PERIOD * 0.07).toFixed(0)} that are allowed for; the provider's loop stood still for ${lag.toFixed(0)} ms at most`,
  )
  const list = told.slice(0, 20).map((each) => words(each, struck))
  if (list.length > 0) console.log(`  of these: ${list.join('; ')}`)
  return Number(overBefore > 0) + Number(overAfter > ONE_PERIOD) + Number(left > 0)
}

function count(list: readonly Judged[], of: 'isOver' | 'isRefused'): number {
  return list.filter((each) => each[of]).length
}

function words(
  { key, at, moment, late, running, isOver, isRefused }: Judged,
  struck: readonly [Fault, number][],
): string {
  const last = struck.findLast(([, when]) => when <= at)
  const since = last ? `${((at - last[1]) / 1000).toFixed(1)} s after ${last[0]}` : 'before any fault'
  const why = `${isOver ? 'too many' : 'only late'}, ${isRefused ? 'refused' : 'served'}${moment === undefined ? ', let go alone' : ''}`
  return `${key} ${since}, ${late.toFixed(0)} ms late, beside ${running} (${why})`
}
