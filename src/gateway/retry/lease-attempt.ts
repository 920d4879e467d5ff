/** One try of one key: what the attempt needs, and whom it tells. */
import { traceHeaders } from '../../runtime/trace-context.ts'
import type { Cancellation } from '../../runtime/cancellation.ts'
import type { Lease, LimitSignal } from '../../scheduler/types.ts'
import type { AnswerBounds } from '../../upstream/response/answer-deltas.ts'
import type { AttemptContext } from '../../upstream/attempt.ts'
import type { Client, Timeouts } from '../../upstream/types.ts'
import type { MediaFetcher } from '../../upstream/media/fetch-media.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { RoutePrice } from '../usage-meter.ts'
import type { CommittedAnswer, RequestState } from '../request-state.ts'

export interface Sender {
  client: Client
  media: MediaFetcher
  timeouts: Timeouts
  bounds: AnswerBounds
  /** Milliseconds, monotonic. */
  now: () => number
  /** Milliseconds since the epoch. */
  wall: () => number
  /** What a route costs; undefined where nobody knows. @param asked the public model */
  priceOf?: (asked: string, provider: string, model: string) => RoutePrice | undefined
}

/** What the tries that run at once leave for the failover policy. */
export interface Course {
  /** An upstream may have seen the request. */
  sent: boolean
  /** An answer with nothing in it, kept in case nobody has a better one. */
  spare: CommittedAnswer | undefined
}

/** Vectors and counts come whole as well, but soon. */
function timeoutsFor({ stream, embeddings, native, relay }: ChatRequest, timeouts: Timeouts): Timeouts {
  const { connect, total, answer } = timeouts
  if (stream || embeddings || native?.operation || relay || answer === undefined) return { ...timeouts, answer: 0 }
  return { connect, first_byte: 0, idle: 0, total, answer }
}

/** A class, so that a try is one object and no closures. */
export class LeaseAttempt implements AttemptContext {
  readonly lease: Lease
  client: Client
  readonly media: MediaFetcher
  readonly timeouts: Timeouts
  readonly bounds: AnswerBounds
  readonly signal: Cancellation
  readonly now: () => number
  private readonly span: string | undefined
  private readonly requestState: RequestState
  private readonly course: Course
  private readonly sender: Sender
  private readonly began: number
  private isCounted = false

  constructor(
    lease: Lease,
    requestState: RequestState,
    sender: Sender,
    signal: Cancellation,
    course: Course,
    span?: string,
  ) {
    this.span = span
    this.lease = lease
    this.client = sender.client
    this.media = sender.media
    this.timeouts = timeoutsFor(requestState.request, sender.timeouts)
    this.bounds = sender.bounds
    this.signal = signal
    this.now = sender.wall
    this.requestState = requestState
    this.course = course
    this.sender = sender
    this.began = sender.now()
  }

  sent(): void {
    this.course.sent = true
    if (this.isCounted) return
    this.isCounted = true
    this.requestState.tries++
    this.requestState.attempts++
  }

  observe(signals: LimitSignal[]): void {
    if (signals.length > 0) this.lease.observe(signals)
  }

  /** What the upstream is told beside its own and the client's headers: the trace that this try is of. */
  headers(): Record<string, string> | undefined {
    const { trace } = this.requestState
    return trace && this.span !== undefined ? traceHeaders(trace, this.span) : undefined
  }

  price(): RoutePrice | undefined {
    return this.priceOf(this.lease.model)
  }

  /** Of any of the provider's models. */
  priceOf(model: string): RoutePrice | undefined {
    return this.sender.priceOf?.(this.requestState.request.model, this.lease.provider, model)
  }

  started(): void {
    this.lease.started(this.sender.now() - this.began)
  }
}
