/** One request on its way through its tries. */
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Trace } from '../runtime/trace-context.ts'
import type { CandidateReport, Lease } from '../scheduler/types.ts'
import type { AttemptAnswer } from '../upstream/attempt.ts'
import type { KeptBodies } from './kept-bodies.ts'
import type { AttemptRecord } from './logged-request.ts'
import type { ChatContext } from './types.ts'
import type { UsageMeter } from './usage-meter.ts'

export interface RequestState {
  request: ChatRequest
  /** Text of the answer that the client has seen, when another key is to go on from it. */
  beginning: string
  context: ChatContext
  /** Tokens of the request, as far as they can be guessed. */
  input?: number
  /** Milliseconds, monotonic. */
  arrived: number
  /** When the search for the key that answers began: at arrival, or when an answer broke off. */
  since: number
  /** Tries that were sent since then, and altogether. */
  tries: number
  attempts: number
  /** Routes, and ids of leases, that failed it: the scheduler takes another where there is one. */
  excluded: Set<string> | undefined
  /** Routes, and ids of leases, that cannot serve it at all. */
  barred: Set<string> | undefined
  maxWait: number | undefined
  /** Milliseconds in the queue so far. */
  waited: number
  /** Of these, before the try that is next. */
  queued: number
  trail: AttemptRecord[]
  /** Of clients whose bodies are logged. */
  bodies: KeptBodies | undefined
  /** Where traces are kept. */
  trace: Trace | undefined
  operation: string | undefined
  /** The last one taken. */
  lease?: Lease
  /** What could have taken it when the last one was taken, where the client asks why. */
  candidates?: CandidateReport[]
  /** What was left out or changed for the vendor that answers. */
  warnings?: string[]
  /** Milliseconds from arrival to the first content. */
  first?: number
  /** How often a broken answer was continued. */
  resumed: number
  /** The stream's usage may have a field of ours that tells the cost. */
  tellsCost: boolean
}

/** A try that has begun to answer. */
export interface StartedAnswer {
  answer: AttemptAnswer
  /** What was read before the answer was committed. */
  head: Delta[][]
  meter: UsageMeter
  /** Nothing to show and no reason for it. */
  empty: boolean
  /** The vendor would not answer, and told so before there was something to show, or in a whole answer. */
  refused: boolean
}

/** The key that answers, and its answer. */
export interface CommittedAnswer {
  lease: Lease
  began: StartedAnswer
}

export function createRequestState(request: ChatRequest, context: ChatContext, now: number): RequestState {
  return {
    request,
    beginning: '',
    context,
    arrived: now,
    since: now,
    tries: 0,
    attempts: 0,
    excluded: undefined,
    barred: undefined,
    maxWait: context.maxWait,
    waited: 0,
    queued: 0,
    trail: [],
    trace: undefined,
    operation: undefined,
    bodies: undefined,
    resumed: 0,
    tellsCost: request.stream && !request.native && !request.relay && !request.embeddings,
  }
}

/** This key, or this route with it, is done without from now on. */
export function exclude(requestState: RequestState, id: string): void {
  ;(requestState.excluded ??= new Set()).add(id)
}

/** What cannot serve the request at all, as its own or as one of its route's keys. */
export function isBarred({ barred }: RequestState, { id, provider, model }: Lease): boolean {
  return barred !== undefined && (barred.has(id) || barred.has(`${provider}/${model}`))
}

/** It cannot serve the request at all: no other try will take it, either. */
export function bar(requestState: RequestState, id: string): void {
  exclude(requestState, id)
  ;(requestState.barred ??= new Set()).add(id)
}
