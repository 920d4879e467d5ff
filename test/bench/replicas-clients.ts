/** Clients of a shared state, without HTTP: keys asked for at a steady rate, and as fast as the server gives them. */
import { connectLedger, type Ledger } from '../../src/replicas/ledger/ledger.ts'
import type { Charge } from '../../src/replicas/ledger/ledger-calls.ts'
import { createScheduler, type SchedulerSpec } from '../../src/scheduler/scheduler.ts'
import type { AcquireRequest, Scheduler } from '../../src/scheduler/types.ts'
import { startReplica } from '../replicas/replica.ts'

/** Leased ahead, or asked for one by one. */
export const MODES = ['slices', 'trips'] as const
export type Mode = (typeof MODES)[number]

const REQUEST: AcquireRequest = { model: 'm', input: 100, maxOutput: 100, needs: {} }
/** Under way at once, of one client. */
const AT_ONCE = 50
/** Milliseconds that a request runs. */
const RUNS = 20

function specOf(mode: Mode): SchedulerSpec {
  const count = mode === 'slices' ? 2 : 100
  const limits =
    mode === 'slices'
      ? [{ metric: 'requests' as const, amount: 10_000_000, period: 60_000 }]
      : [{ metric: 'requests' as const, amount: 1000, period: 1000 }]
  const keys = Array.from({ length: count }, (_, index) => ({ name: `p#${index}`, weight: 1, limits }))
  return {
    providers: [{ name: 'p', weight: 1, limits: [], keys }],
    pools: [
      { model: 'm', weight: 1, limits: [], routes: [{ provider: 'p', model: 'x', weight: 1, tier: 0, limits: [] }] },
    ],
    options: {},
  }
}

export interface Asked {
  /** Milliseconds that each key took, at a steady rate, shortest first. */
  round(rate: number, seconds: number): Promise<number[]>
  close(): Promise<void>
}

/** @param url of the shared state; a single process without */
export async function askerOf(mode: Mode, url: string | undefined): Promise<Asked> {
  const spec = specOf(mode)
  const replica = url ? await startReplica({ url, name: 'bench', spec, timeout: 5000 }) : undefined
  const scheduler: Pick<Scheduler, 'acquire'> = replica?.replicas ?? createScheduler(spec)
  return {
    async round(rate, seconds) {
      const times: number[] = []
      const total = rate * seconds
      const begun = performance.now()
      const one = async (): Promise<void> => {
        const sent = performance.now()
        const lease = await scheduler.acquire(REQUEST)
        times.push(performance.now() - sent)
        setTimeout(() => lease.settle({ input: 100, output: 50 }), RUNS)
      }
      await new Promise<void>((resolve) => {
        let count = 0
        const all: Promise<void>[] = []
        const turn = (): void => {
          const due = Math.min(total, Math.floor(((performance.now() - begun) * rate) / 1000))
          for (; count < due; count++) all.push(one())
          if (count < total) setTimeout(turn, 0)
          else resolve(Promise.all(all).then(() => {}))
        }
        turn()
      })
      await new Promise((resolve) => setTimeout(resolve, RUNS * 2))
      return times.toSorted((a, b) => a - b)
    },
    close: async () => replica?.close(),
  }
}

/** Of the three limits of a key: two are of one shape, the third of a day. */
export const FLAT_OUT = ['bucket', 'sliding'] as const
export type FlatOut = (typeof FLAT_OUT)[number]

/** A client that asks for keys of three limits each, many at once; gives how many it got. */
export async function acquireFlatOut(url: string, shape: FlatOut, seconds: number): Promise<() => Promise<number>> {
  const ledger = await connectLedger({
    url,
    prefix: `rate-${shape}`,
    timeout: 20_000,
    replica: `bench-${process.pid}`,
    wall: Date.now,
    freed: () => {},
    said: () => {},
    failed: () => {},
  })
  // A replica has the names of its limits at hand as well.
  const charges = Array.from({ length: 100 }, (_, key) => chargesOf(ledger, shape, key))
  return async () => {
    const until = performance.now() + seconds * 1000
    let count = 0
    const ask = async (): Promise<void> => {
      while (performance.now() < until) {
        const { taken } = await ledger.acquire(`b${count}`, 15_000, [charges[count % charges.length] ?? []])
        if (taken === 0) count++
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, ask))
    await ledger.close()
    return count
  }
}

function chargesOf(ledger: Ledger, shape: FlatOut, key: number): Charge[] {
  const day = 86_400_000
  const from = Math.floor(Date.now() / day) * day
  const common = { amount: 1e9, guard: 120, capacity: 1e9 }
  const frame = [from, from + day, from + 2 * day] as const
  const name = (what: string): string => ledger.keyOf('limit', `key p#${key}`, what)
  return [
    { ...common, key: name('requests'), shape, period: 60_000, frame: [0, 0, 0], need: 1, cost: 1 },
    { ...common, key: name('tokens'), shape, period: 60_000, frame: [0, 0, 0], need: 200, cost: 200 },
    { ...common, key: name('day'), shape: 'fixed', period: day, frame, need: 1, cost: 1 },
  ]
}
