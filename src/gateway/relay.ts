/** The committed answer on its way to the client: settles the lease and tells the record however it ends. */
import type { AnswerSource, AnswerSink } from '../chat/answer-source.ts'
import type { Delta, RawEvent } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { Lease } from '../scheduler/types.ts'
import { asGatewayError, faultAt, fromDelta, untilFault, withoutAddress } from './errors.ts'
import type { CommittedAnswer, RequestState } from './request-state.ts'
import type { UsageMeter } from './usage-meter.ts'

export type RecordOutcome = (requestState: RequestState, error?: GatewayError, meter?: Pick<UsageMeter, 'read'>) => void

/** Iterated or piped, once. */
export function relay(
  reached: CommittedAnswer,
  requestState: RequestState,
  recordOutcome: RecordOutcome,
): AnswerSource {
  return {
    [Symbol.asyncIterator]: () => iterate(reached, requestState, recordOutcome),
    pushTo: (into) => new Pouring(reached, requestState, recordOutcome, into).begin(0),
  }
}

async function* iterate(
  { lease, began }: CommittedAnswer,
  requestState: RequestState,
  recordOutcome: RecordOutcome,
): AsyncGenerator<Delta[]> {
  const { meter } = began
  let ended = false
  try {
    for (const deltas of began.head) yield* untilFault(deltas)
    while (true) {
      const read = await began.answer.deltas.next()
      if (read.done) break
      meter.see(read.value)
      lease.alive()
      yield* untilFault(read.value)
    }
    ended = true
    finish({ lease, began }, requestState, recordOutcome)
    const cost = costDelta(requestState, meter)
    if (cost !== undefined) yield cost
  } catch (cause) {
    ended = true
    throw broken({ lease, began }, cause, requestState, recordOutcome)
  } finally {
    if (!ended) left({ lease, began }, requestState, recordOutcome)
    await began.answer.deltas.return()
  }
}

/** A class: few objects a stream, and few touched a read. */
class Pouring implements AnswerSink {
  private readonly reached: CommittedAnswer
  private readonly requestState: RequestState
  private readonly recordOutcome: RecordOutcome
  private readonly meter: UsageMeter
  private readonly into: AnswerSink
  /** The reader threw. */
  private isLeft = false

  constructor(reached: CommittedAnswer, requestState: RequestState, recordOutcome: RecordOutcome, into: AnswerSink) {
    this.reached = reached
    this.requestState = requestState
    this.recordOutcome = recordOutcome
    this.meter = reached.began.meter
    this.into = into
  }

  /** Gives what was read before the answer was committed, then lets the rest come. */
  begin(from: number): void {
    const { head, answer } = this.reached.began
    for (let at = from; at < head.length; at++) {
      let held: Promise<void> | undefined
      try {
        held = this.give(head[at] ?? [])
      } catch (cause) {
        return this.fail(cause)
      }
      if (held === undefined) continue
      held.then(
        () => this.begin(at + 1),
        (cause: unknown) => this.fail(cause),
      )
      return
    }
    // an open stream need not hold what its client has
    head.length = 0
    answer.deltas.pushTo(this)
  }

  takeText(literal: string, event: RawEvent | undefined): Promise<void> | undefined {
    this.meter.seeText(literal.length - 2)
    this.reached.lease.alive()
    try {
      return this.into.takeText(literal, event)
    } catch (cause) {
      this.isLeft = true
      throw cause
    }
  }

  take(deltas: Delta[]): Promise<void> | undefined {
    this.meter.see(deltas)
    this.reached.lease.alive()
    return this.give(deltas)
  }

  end(): void {
    try {
      finish(this.reached, this.requestState, this.recordOutcome)
    } catch (cause) {
      return this.fail(cause)
    }
    const cost = costDelta(this.requestState, this.meter)
    if (cost !== undefined) void this.into.take(cost)
    this.into.end()
  }

  fail(cause: unknown): void {
    void this.reached.began.answer.deltas.return()
    if (this.isLeft) left(this.reached, this.requestState, this.recordOutcome)
    this.into.fail(this.isLeft ? cause : broken(this.reached, cause, this.requestState, this.recordOutcome))
  }

  /** What came before a fault is the client's; the fault itself is thrown. */
  private give(deltas: Delta[]): Promise<void> | undefined {
    const at = faultAt(deltas)
    const fault = at < 0 ? undefined : deltas[at]?.error
    try {
      if (fault === undefined) return this.into.take(deltas)
      if (at > 0) void this.into.take(deltas.slice(0, at))
    } catch (cause) {
      this.isLeft = true
      throw cause
    }
    throw fromDelta(fault)
  }
}

/** The end of a stream tells in its usage what a header would tell of a whole answer. */
function costDelta({ tellsCost }: RequestState, meter: UsageMeter): Delta[] | undefined {
  const cost = tellsCost ? meter.read().cost : undefined
  return cost === undefined ? undefined : [{ usage: { cost } }]
}

/** Throws a GatewayError when the answer stopped before its end. */
function finish({ lease, began }: CommittedAnswer, requestState: RequestState, recordOutcome: RecordOutcome): void {
  const { meter, answer } = began
  if (!answer.deltas.isTerminated && !meter.finished())
    throw new GatewayError(
      'broken_stream',
      `${lease.provider} ended in the middle of its answer: no reason to stop came.`,
    )
  lease.settle(meter.read())
  recordOutcome(requestState, undefined, meter)
}

function broken(
  { lease, began }: CommittedAnswer,
  cause: unknown,
  requestState: RequestState,
  recordOutcome: RecordOutcome,
): GatewayError {
  const error = conclude(lease, cause, requestState, began.meter)
  recordOutcome(requestState, error, began.meter)
  return error
}

/** The reader went away: what was told until then is what was used. */
function left({ lease, began }: CommittedAnswer, requestState: RequestState, recordOutcome: RecordOutcome): void {
  lease.settle(began.meter.read())
  recordOutcome(requestState, new GatewayError('cancelled', 'the client closed the request'), began.meter)
}

/** Gives the lease back with what went wrong; with a meter, an answer had begun. */
export function conclude(lease: Lease, cause: unknown, requestState: RequestState, meter?: UsageMeter): GatewayError {
  const error = asGatewayError(cause, requestState.context.signal)
  if (error.host !== undefined && requestState.context.isAdmin === false)
    error.told = withoutAddress(error, lease.provider)
  lease.fail({ kind: error.kind, retryAfter: error.retryAfter, started: meter !== undefined, used: meter?.read() })
  return error
}
