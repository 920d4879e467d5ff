/** A first token that is late: the request is sent to one more key, and the quicker of the two answers. */
import { follow, type Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'
import type { Lease } from '../../scheduler/types.ts'
import type { FirstTokenTimes } from './first-token-times.ts'
import type { CommittedAnswer } from '../request-state.ts'
import type { RetryBudget } from './retry-budget.ts'

export interface Hedging {
  times: FirstTokenTimes
  traffic: RetryBudget
}

/** One try with one lease: settles or fails it, whatever happens, unless it has begun to answer. */
export type Try = (lease: Lease, signal: Cancellation) => Promise<CommittedAnswer>

/** @param spare a key that has room now, or nothing; never waits */
export async function hedged(
  lease: Lease,
  tries: Try,
  spare: () => Promise<Lease | undefined>,
  client: Cancellation,
  { times, traffic }: Hedging,
): Promise<CommittedAnswer> {
  const usual = times.usual(`${lease.provider}/${lease.model}`)
  if (usual === undefined) return tries(lease, client)
  const first = race(lease, tries, client)
  const isLate = await lateness(first.reached, usual)
  if (!isLate || client.aborted || !traffic.take()) return first.reached
  const other = await spare()
  if (!other) return first.reached
  const second = race(other, tries, client)
  const winner = await Promise.any([first.reached, second.reached]).catch((fault: AggregateError) => {
    throw fault.errors[0]
  })
  giveUp(winner.lease === lease ? second : first)
  return winner
}

interface Runner {
  reached: Promise<CommittedAnswer>
  stop: (reason: GatewayError) => void
}

function race(lease: Lease, tries: Try, client: Cancellation): Runner {
  const canceller = follow(client)
  return { reached: tries(lease, canceller), stop: (reason) => canceller.cancel(reason) }
}

/** True when the time is over first. A try that fails before is not late: its fault is the answer. */
async function lateness(reached: Promise<CommittedAnswer>, usual: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(resolve, usual, true)
  })
  const soon = reached.then(
    () => false,
    () => false,
  )
  try {
    return await Promise.race([late, soon])
  } finally {
    clearTimeout(timer)
  }
}

/** The slower one is cut off, even when it has just begun to answer. */
function giveUp({ reached, stop }: Runner): void {
  const reason = new GatewayError('cancelled', 'another key answered first')
  stop(reason)
  reached.then(
    ({ lease, began }) => {
      lease.fail({ kind: 'cancelled', started: true, used: began.meter.read() })
      void began.answer.deltas.return()
    },
    // its own try has concluded it
    () => {},
  )
}
