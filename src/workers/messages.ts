/** What a worker and the owner of the scheduler tell each other: lists of these, all of one turn of the loop in one message. */
import type { GatewayError } from '../chat/error.ts'
import type { ManagedClient, Subject, Wish } from '../runtime/administration.ts'
import type { Counts } from '../observability/metrics.ts'
import type {
  AcquireRequest,
  CandidateReport,
  Failure,
  KeyChange,
  Settlement,
  LimitSignal,
} from '../scheduler/types.ts'

/** An id is the worker's own: of a request for a lease, and then of its lease, or of a question. */
export type ToOwner =
  /** `ahead` asks for so many more for requests that are alike, whose ids follow this one. */
  | ['acquire', id: number, request: Omit<AcquireRequest, 'signal'>, ahead?: number]
  /** It was given ahead, and nobody came for it. */
  | ['withdraw', id: number]
  | ['cancel', id: number]
  | ['started', id: number, elapsed: number]
  | ['observe', id: number, signals: readonly LimitSignal[]]
  | ['alive', id: number]
  | ['settle', id: number, used: Settlement]
  | ['fail', id: number, failure: Failure]
  | ['report', id: number]
  | ['waiting', id: number, most: number]
  | ['adjustKey', id: number, key: string, change: KeyChange]
  /** What is to be served: the file may say something else by now. */
  | ['configuration', id: number]
  /** All processes' counters as a page. */
  | ['page', id: number]
  /** How the newest configuration was taken, and a wish for another reading. */
  | ['reloads', id: number]
  | ['reload', id: number]
  /** What an administrator wants changed. */
  | ['administer', id: number, subject: Subject, action: string, wish: Wish]
  /** Clients whose keys are managed at run time: all of them now, and then those that change. */
  | ['clients', id: number]
  | ['heard', number: number]
  | ['counts', counts: Counts]
  | ['ready', address: string]

export type ToWorker =
  | ['lease', id: number, facts: LeaseFacts, ahead: LeaseFacts[]]
  | ['refused', id: number, fault: Fault]
  | ['answer', id: number, value: unknown]
  | ['count']
  | ['clients', number: number, changed: readonly ManagedClient[]]
  /** End what runs, refuse nothing: others have taken over. */
  | ['retire']
  /** End what runs, refuse what is new. */
  | ['stop']

export interface LeaseFacts {
  provider: string
  model: string
  key: string
  id: string
  waited: number
  asks: boolean
  candidates: CandidateReport[]
}

/** A GatewayError on its way. */
export interface Fault extends Pick<GatewayError, 'kind' | 'message'> {
  details: Pick<GatewayError, 'status' | 'type' | 'code' | 'param' | 'retryAfter' | 'extra'>
}
