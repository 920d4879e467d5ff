/** One request on its way through its tries. */
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Lease } from '../scheduler/contract.ts'
import type { AttemptAnswer } from '../upstream/attempt.ts'
import type { ChatContext } from './contract.ts'
import type { Meter } from './used.ts'

export interface Ticket {
  request: ChatRequest
  context: ChatContext
  /** Milliseconds, monotonic. */
  arrived: number
  tries: number
  /** Ids of leases that failed it: the scheduler takes another where there is one. */
  excluded: Set<string>
  /** Ids of leases that cannot serve it at all. */
  barred: Set<string>
  maxWait: number | undefined
  /** Milliseconds in the queue so far. */
  waited: number
  /** The last one taken. */
  lease?: Lease
  /** Milliseconds from arrival to the first content. */
  first?: number
}

/** A try that has begun to answer. */
export interface Began {
  answer: AttemptAnswer
  /** What was read before the answer was committed. */
  head: Delta[][]
  rest: AsyncIterator<Delta[]>
  meter: Meter
  /** Nothing to show and no reason for it. */
  empty: boolean
  /** A reason to stop was given. */
  finished: boolean
}

export function openTicket(request: ChatRequest, context: ChatContext, now: number): Ticket {
  return {
    request,
    context,
    arrived: now,
    tries: 0,
    excluded: new Set(),
    barred: new Set(),
    maxWait: context.maxWait,
    waited: 0,
  }
}
