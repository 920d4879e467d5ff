/** Four replicas on the virtual clock whose server goes away and comes back, before a provider that enforces one limit to the letter. */
import { createReplicas } from '../../src/replicas/replicated-scheduler.ts'
import { windowOf } from '../../src/sandbox/limits/windows.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import type { LimitSpec } from '../../src/scheduler/types.ts'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'
import type { RedisServer } from './redis-server.ts'
import { specOf } from './replica.ts'
import { timedCalls } from './virtual-ledger.ts'

export interface Outage {
  shape: 'bucket' | 'sliding' | 'calendar' | 'places'
  /** Milliseconds: when requests begin to come, and for how long the server is away. */
  begins: number
  lasts: number
  /** How it comes back; `late`: with all that it was asked meanwhile. */
  back: 'same' | 'late' | 'restarted' | 'empty'
  seed: number
}

export interface Outcome {
  served: number
  /** In the server's absence. */
  alone: number
  /** What the provider would have refused. */
  tooMany: number
}

const REPLICAS = 4
const AMOUNT = 30
const PERIOD = 2000
/** As a part of what fits. */
const LOAD = 1.5
const TAKES = 50
/** Of places. */
const PLACES = 15
const PLACE_KEYS = 4
const PLACE_TAKES = 500
/** Milliseconds after which a replica gives up a call. */
const PATIENCE = 1000
/** The server goes at a boundary of the calendar: what was taken in the window is known to nobody yet. */
export const GOES = 4000
const LAST_REQUEST = 10_000
const END = 13_000
const EPOCH = 1_700_000_000_000

/** Each has keys of its own: its clock begins anew. */
let run = 0

export async function runOutage(server: RedisServer, { shape, begins, lasts, back, seed }: Outage): Promise<Outcome> {
  run++
  const calls = timedCalls(server.url, EPOCH)
  const { clock } = calls
  await calls.server.bear(`a${run}`)
  const limit: LimitSpec =
    shape === 'places'
      ? { metric: 'concurrency', amount: PLACES, period: 0 }
      : { metric: 'requests', amount: AMOUNT, period: PERIOD, shape }
  const keys = shape === 'places' ? PLACE_KEYS : 1
  const judges = new Map<string, Judge>()
  const judge = (key: string): Judge => {
    const known = judges.get(key) ?? (shape === 'places' ? placesOf(PLACES) : judgeOf(shape))
    judges.set(key, known)
    return known
  }
  const takes = shape === 'places' ? PLACE_TAKES : TAKES
  const outcome: Outcome = { served: 0, alone: 0, tooMany: 0 }
  const acquires: ((maxWait: number) => Promise<void>)[] = []
  const closers: (() => Promise<void>)[] = []
  for (let n = 0; n < REPLICAS; n++) {
    const { random } = seededChance(seed * 10 + n)
    const scheduler = createScheduler(specOf([limit], keys), clock, random)
    const ledger = await calls.connect({ prefix: `outage-${run}`, replica: `r${n}` }, () => made)
    const options = { on_loss: 'share' as const, least: REPLICAS, clock, random, changed: () => {} }
    const made = createReplicas(() => scheduler, ledger, { replica: `r${n}`, ...options })
    await made.start()
    acquires.push(async (maxWait) => {
      const lease = await made.acquire({ model: 'm', input: 1, maxOutput: 1, needs: {}, maxWait })
      const end = judge(lease.key)(clock.wall())
      if (!end) outcome.tooMany++
      outcome.served++
      if (made.report().state === 'away') outcome.alone++
      const over = (): void => {
        end?.()
        lease.settle({ input: 1, output: 1 })
      }
      clock.setTimer(clock.now() + takes, over, false)
    })
    closers.push(async () => {
      made.close()
      scheduler.close()
      await ledger.close()
    })
  }
  const { random } = seededChance(seed * 10 + REPLICAS)
  const apart = shape === 'places' ? PLACE_TAKES / (PLACES * keys) : PERIOD / AMOUNT
  for (let at = begins; at < LAST_REQUEST; at += (apart / LOAD) * (0.5 + random())) {
    const acquire = acquires[Math.floor(random() * REPLICAS)]
    // Who is told to come back later does not.
    clock.setTimer(at, () => void acquire?.(4000).catch(() => {}), false)
  }
  await clock.run(GOES - 0.01)
  if (back === 'late') calls.hold(PATIENCE)
  else calls.isAway = true
  await clock.run(GOES + lasts)
  if (back === 'late') await calls.resume()
  else if (back !== 'same') await calls.server.bear(`b${run}`)
  if (back === 'empty') await calls.server.forget()
  calls.isAway = false
  await clock.run(END)
  for (const close of closers) await close()
  calls.server.close()
  return outcome
}

/** Admits a request, and hears of its end; undefined where it is too many. */
type Judge = (now: number) => (() => void) | undefined

function judgeOf(shape: 'bucket' | 'sliding' | 'calendar'): Judge {
  const window = windowOf({
    metric: 'requests',
    amount: AMOUNT,
    period: PERIOD,
    shape: shape === 'calendar' ? 'fixed' : shape,
  })
  return (now) => {
    if (window.wait(1, now) > 0) return undefined
    window.take(1, now)
    return () => {}
  }
}

function placesOf(amount: number): Judge {
  let running = 0
  return () => {
    if (running >= amount) return undefined
    running++
    return () => void running--
  }
}
