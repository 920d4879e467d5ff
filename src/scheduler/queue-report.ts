/** Who waits, in the order of who is served next, until when, and what for: for people. */
import { reportCandidates } from './candidate-report.ts'
import { UNTIL_EVENT } from './limits/window.ts'
import { momentOf } from './queue/capacity.ts'
import type { FairQueue } from './queue/fair-queue.ts'
import type { Waiting } from './queue/waiting.ts'
import { eta } from './select/pick.ts'
import type { Pool } from './topology/pool.ts'
import type { SchedulerState } from './state.ts'
import type { WaitingReport } from './types.ts'

/** Of so many of each queue it is told what they wait for; of those behind them when and where they stand. */
const EXPLAINED = 20

/** Milliseconds without an end, and how many times what others took: then nobody knows when one that runs will end. */
const OVERDUE = 5000
const OUTRUN = 2

/** At most `most` of each queue, those that are due first. */
export function waitingReport(schedulerState: SchedulerState, now: number, most: number): WaitingReport[] {
  return [...schedulerState.pools.values()].flatMap((pool) =>
    pool.queue.size === 0
      ? []
      : inTurn(pool.queue, most).map((item, place) => waitOf(schedulerState, pool, item, place, now)),
  )
}

function waitOf(schedulerState: SchedulerState, pool: Pool, item: Waiting, place: number, now: number): WaitingReport {
  const own = eta(schedulerState, pool, item, now).wait
  const demand = item.demand ?? pool.typical
  // those before it take what comes first; and what only an end frees, ends as soon as others did
  const turn = demand && (place > 0 || own >= UNTIL_EVENT) ? momentOf(pool, demand, place + 1, now) : 0
  const guess = turn > 0 && pool.drainRate.idle(now) < Math.max(OVERDUE, OUTRUN * turn) ? turn : UNTIL_EVENT
  const wait = own >= UNTIL_EVENT ? guess : Math.max(own, turn)
  const [first] = place < EXPLAINED ? reportCandidates(schedulerState, pool, item, now, 1) : []
  return {
    model: pool.spec.model,
    place: place + 1,
    client: item.client.name,
    ...(item.request.id !== undefined && { id: item.request.id }),
    waited: Math.round(now - item.arrived),
    patience: Math.max(0, Math.round(item.deadline - now)),
    eta: wait >= UNTIL_EVENT ? null : Math.ceil(wait),
    ...(own >= UNTIL_EVENT && { guessed: true }),
    ...(first && { key: first.key, reason: first.reason }),
    held: item.held,
  }
}

/** As the fair queue will serve them when all cost the same: by the start of each one's turn. */
function inTurn(queue: FairQueue, most: number): Waiting[] {
  const turns: { item: Waiting; tag: number; order: number }[] = []
  for (const { items, tag: first, order, client } of queue.activeLines()) {
    let tag = first
    let place = 0
    for (const item of items) {
      if (place >= most) break
      if (item.gone) continue
      turns.push({ item, tag, order })
      place++
      // added up as the queue does it, so that equal sums are equal here, too
      tag += 1 / client.weight
    }
  }
  turns.sort((a, b) => a.tag - b.tag || a.order - b.order)
  return turns.slice(0, most).map(({ item }) => item)
}
