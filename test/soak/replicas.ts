/**
 * `npm run soak:replicas -- --requests 100000 --shapes bucket,sliding,fixed,calendar,places --faults pause,stop,cut,kill`: four replica
 * processes on one state, before a provider that enforces its limits to the letter, under 1.5 times what it admits; faults strike one
 * after another. First one process alone serves the same without faults. Prints for each fault what the provider refused and what
 * would have been too many had each request come at the moment of its lease, then how much was used, how even clients of different
 * replicas fared, and what is under way in the end. Fails where leases were too many while the data survived, or more than a static
 * share where not: what came late on a busy machine is printed, and no fault.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { startRedis } from '../replicas/redis-server.ts'
import { startFleet, type Fleet } from '../replicas/fleet.ts'
import { lateness, tooMany, type Arrival } from './lease-moments.ts'
import { startLine } from './line.ts'
import { drive, type Driven } from './replicas-drive.ts'
import { FAULTS, strike, WHAT, type Fault, type World } from './replicas-faults.ts'

const SHAPES = ['bucket', 'sliding', 'fixed', 'calendar', 'places'] as const
type Shape = (typeof SHAPES)[number]

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seconds: { type: 'string' },
    alone: { type: 'string', default: '12' },
    shapes: { type: 'string', default: SHAPES.join() },
    faults: { type: 'string', default: FAULTS.join() },
    load: { type: 'string', default: '1.5' },
    replicas: { type: 'string', default: '4' },
    amount: { type: 'string', default: '60' },
    timeout: { type: 'string', default: '1s' },
    period: { type: 'string', default: '2' },
  },
})
const REPLICAS = Number(values.replicas)
const KEYS = ['a', 'b', 'c', 'd']
/** For each key, in a period of so many milliseconds. */
const AMOUNT = Number(values.amount)
const PERIOD = Number(values.period) * 1000
const WARM_UP = 0.4
const WARM_SECONDS = 6
const CLIENTS = 2 * REPLICAS
/** Milliseconds that an answer takes. */
const TAKES = 50
const shapes = SHAPES.filter((each) => values.shapes.split(',').includes(each))
/** Requests a second that fit, of each shape. */
const RATE = (AMOUNT * 1000 * KEYS.length) / PERIOD
const seconds = values.seconds
  ? Number(values.seconds)
  : Number(values.requests) / shapes.length / (RATE * Number(values.load))
const faults = FAULTS.filter((each) => values.faults.split(',').includes(each))

interface Plan {
  declared: Record<string, unknown>[]
  enforced: EnforcedLimit[]
  first_byte: number
}

function planOf(shape: Shape): Plan {
  const perKey = (AMOUNT * 1000) / PERIOD
  const places = { metric: 'concurrency' as const, amount: Math.max(4, Math.ceil(perKey / 2)), period: 0 }
  if (shape === 'places') {
    const takes = (places.amount * 1000) / perKey
    return {
      declared: [{ concurrency: places.amount }],
      enforced: [places],
      first_byte: takes,
    }
  }
  const concurrency = { concurrency: places.amount }
  if (shape === 'calendar') {
    // An hour's quota that is spent when most of the time is over.
    const amount = Math.round(perKey * seconds)
    const resets = { unit: 'hour' as const, at: '00:00', zone: 'UTC' }
    return {
      declared: [{ requests: amount, per: 'hour', resets: '00:00 UTC' }, concurrency],
      enforced: [{ metric: 'requests', amount, period: 3_600_000, shape, resets }, places],
      first_byte: TAKES,
    }
  }
  return {
    declared: [{ requests: AMOUNT, per: `${PERIOD}ms`, shape }, concurrency],
    enforced: [{ metric: 'requests', amount: AMOUNT, period: PERIOD, shape }, places],
    first_byte: TAKES,
  }
}

let misses = 0
for (const shape of shapes) misses += await soak(shape)
process.exitCode = misses === 0 ? 0 : 1

/** Served a second by one process that has all keys and no shared state. */
async function alone(plan: Plan): Promise<number> {
  const fleet = await startFleet({ ...plan, url: undefined, count: 1, keys: KEYS, max_wait: '4s' })
  try {
    await drive(fleet.addresses, { rate: RATE * WARM_UP, clients: CLIENTS, seconds: WARM_SECONDS })
    return await rateOf(fleet, Number(values.alone))
  } finally {
    await fleet.close()
  }
}

/** Answers a second while as many are waiting as can: at the start and in the end others count. */
async function rateOf(fleet: Fleet, lasts: number): Promise<number> {
  const driven = drive(fleet.addresses, { rate: RATE * Number(values.load), clients: CLIENTS, seconds: lasts })
  await sleep(PERIOD * 1.5)
  const [from, before] = [performance.now(), passed(fleet)]
  // Whole periods: what is counted anew at a boundary comes all at once.
  await sleep(Math.floor((lasts * 1000 - PERIOD * 1.5) / PERIOD) * PERIOD - 20)
  const rate = ((passed(fleet) - before) * 1000) / (performance.now() - from)
  await driven
  return rate
}

function passed(fleet: Fleet): number {
  const { requests, refused } = fleet.upstream()
  return requests - refused
}

async function soak(shape: Shape): Promise<number> {
  const plan = planOf(shape)
  const single = await alone(plan)
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  const lines = await Promise.all(Array.from({ length: REPLICAS }, () => startLine(server.port)))
  const fleet = await startFleet({
    ...plan,
    url: lines.map(({ port }) => `redis://127.0.0.1:${port}`),
    count: REPLICAS,
    keys: KEYS,
    stamped: true,
    max_wait: '4s',
    // Longer than a busy machine takes to answer: who is cut off alone uses its share on top of what the others use.
    state: { timeout: values.timeout, replicas: REPLICAS },
  })
  const world: World = { server, lines, fleet }
  try {
    // A process that has just begun sends its first requests late, and so would seem to send later ones early.
    await drive(fleet.addresses, { rate: RATE * WARM_UP, clients: CLIENTS, seconds: WARM_SECONDS })
    await sleep(PERIOD)
    const warm = fleet.upstream().requests
    const together = await rateOf(fleet, Number(values.alone))
    console.log(
      `${shape}: ${REPLICAS} replicas ${together.toFixed(1)} a second, one process ${single.toFixed(1)}: ${((100 * together) / single).toFixed(1)} %`,
    )
    const lag = monitorEventLoopDelay({ resolution: 5 })
    lag.enable()
    const struck: Struck[] = [{ fault: undefined, at: Date.now() }]
    let outcome: Driven | undefined
    if (seconds > 0) {
      const driven = drive(fleet.addresses, { rate: RATE * Number(values.load), clients: CLIENTS, seconds })
      for (const fault of faults) {
        await sleep((seconds * 1000) / (faults.length + 1) - 1500)
        struck.push({ fault, at: Date.now() })
        await strike(fault, world)
      }
      outcome = await driven
    }
    lag.disable()
    const left = await leftOver(fleet)
    const over = new Set(tooMany(fleet.arrivals, plan.enforced))
    const judged = fleet.arrivals.slice(warm).map((each) => ({ ...each, isOver: over.has(each), late: lateness(each) }))
    return tell(outcome, judged, struck, left, lag.max / 1e6)
  } finally {
    await fleet.close()
    for (const line of lines) await line.close()
    await world.server.close()
  }
}

interface Struck {
  fault: Fault | undefined
  at: number
}

interface Judged extends Arrival {
  /** Would it have been too many at the moment of its lease? */
  isOver: boolean
  /** Milliseconds after that moment. */
  late: number
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

/** What may be too many after a fault: a static share of what it lasted, and of one period more, where replicas went on by it. */
function allowed(fault: Fault | undefined): number {
  const share = (lasted: number): number => Math.ceil(((RATE * (lasted + PERIOD)) / 1000) * (1 / REPLICAS))
  if (fault === 'cut') return share(2000)
  return fault === 'lose' ? REPLICAS * share(0) : 0
}

function tell(
  outcome: Driven | undefined,
  judged: readonly Judged[],
  struck: readonly Struck[],
  left: number,
  lag: number,
): number {
  let missed = 0
  struck.forEach(({ fault, at }, index) => {
    const until = struck[index + 1]?.at ?? Infinity
    const own = judged.filter((each) => each.at >= (index === 0 ? 0 : at) && each.at < until)
    const over = count(own, ({ isOver }) => isOver)
    const most = allowed(fault)
    if (over > most) missed++
    console.log(
      `  ${(fault ? WHAT[fault] : 'nothing happens').padEnd(52)} ${own.length} sent, ` +
        `${count(own, ({ moment }) => moment === undefined)} of them alone; too many ${over} (at most ${most})${over > most ? ' MISSED' : ''}; ` +
        `refused ${count(own, ({ isRefused }) => isRefused)}${fairness(outcome, at, until)}`,
    )
  })
  const late = judged.map((each) => each.late).toSorted((a, b) => a - b)
  const part = (share: number): string => (late[Math.floor((late.length - 1) * share)] ?? 0).toFixed(0)
  console.log(
    `  ${judged.length} in all; ${left} under way in the end${ended(outcome)}; a request came ${part(0.5)} ms after its lease, ` +
      `${part(0.99)} ms at p99, ${part(1)} ms at most; the provider's loop stood still for ${lag.toFixed(0)} ms at most`,
  )
  const told = judged.filter(({ isRefused, isOver }) => isRefused || isOver)
  const list = told.slice(0, 20).map((each) => words(each, struck))
  if (list.length > 0) console.log(`  of these: ${list.join('; ')}`)
  return missed + Number(left > 0)
}

function ended(outcome: Driven | undefined): string {
  if (!outcome) return ''
  return `, ${outcome.served.length} served${fairness(outcome, 0, Infinity)}; others ${JSON.stringify(outcome.others)}`
}

/** Between clients of replicas that lived to the end, of answers between two moments. */
function fairness(outcome: Driven | undefined, from: number, until: number): string {
  if (!outcome) return ''
  const byClient = Array.from({ length: CLIENTS }, () => 0)
  for (const { client, at } of outcome.served)
    if (at >= from && at < until) byClient[client] = (byClient[client] ?? 0) + 1
  const lives = (_: number, index: number): boolean => !faults.includes('kill') || index % REPLICAS < REPLICAS - 1
  const alive = byClient.filter(lives)
  const even = Math.min(...alive) / (alive.reduce((sum, each) => sum + each, 0) / alive.length)
  return `; fairness ${even.toFixed(3)}`
}

function count(list: readonly Judged[], of: (each: Judged) => boolean): number {
  return list.filter(of).length
}

function words({ key, at, moment, late, running, isOver, isRefused }: Judged, struck: readonly Struck[]): string {
  const last = struck.findLast((each) => each.at <= at)
  const since = last?.fault ? `${((at - last.at) / 1000).toFixed(1)} s after ${last.fault}` : 'before any fault'
  const why = `${isOver ? 'too many' : 'only late'}, ${isRefused ? 'refused' : 'served'}${moment === undefined ? ', let go alone' : ''}`
  return `${key} ${since}, ${late.toFixed(0)} ms late, beside ${running} (${why})`
}
