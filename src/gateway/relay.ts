/** The committed answer on its way to the client: settles the lease and tells the record however it ends. */
import type { AnswerFlow, AnswerSink } from '../chat/answer-flow.ts'
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { Lease } from '../scheduler/contract.ts'
import { asGatewayError, faultAt, fromDelta, untilFault } from './fault.ts'
import type { Reached, Ticket } from './ticket.ts'
import type { Meter } from './used.ts'

export type Tell = (ticket: Ticket, error?: GatewayError, meter?: Pick<Meter, 'read'>) => void

/** Iterated or poured, once. */
export function relay(reached: Reached, ticket: Ticket, tell: Tell): AnswerFlow {
  return {
    [Symbol.asyncIterator]: () => iterate(reached, ticket, tell),
    pour: (into) => new Pouring(reached, ticket, tell, into).begin(0),
  }
}

async function* iterate({ lease, began }: Reached, ticket: Ticket, tell: Tell): AsyncGenerator<Delta[]> {
  const { meter } = began
  let ended = false
  try {
    for (const deltas of began.head) yield* untilFault(deltas)
    while (true) {
      const read = await began.answer.deltas.next()
      if (read.done) break
      meter.see(read.value)
      yield* untilFault(read.value)
    }
    ended = true
    finish({ lease, began }, ticket, tell)
  } catch (cause) {
    ended = true
    throw broken({ lease, began }, cause, ticket, tell)
  } finally {
    if (!ended) left({ lease, began }, ticket, tell)
    await began.answer.deltas.return()
  }
}

/** A class: few objects a stream, and few touched a read. */
class Pouring implements AnswerSink {
  private readonly reached: Reached
  private readonly ticket: Ticket
  private readonly tell: Tell
  private readonly meter: Meter
  private readonly into: AnswerSink
  /** The reader threw. */
  private isLeft = false

  constructor(reached: Reached, ticket: Ticket, tell: Tell, into: AnswerSink) {
    this.reached = reached
    this.ticket = ticket
    this.tell = tell
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
    answer.deltas.pour(this)
  }

  takeText(literal: string): Promise<void> | undefined {
    this.meter.seeText(literal.length - 2)
    try {
      return this.into.takeText(literal)
    } catch (cause) {
      this.isLeft = true
      throw cause
    }
  }

  take(deltas: Delta[]): Promise<void> | undefined {
    this.meter.see(deltas)
    return this.give(deltas)
  }

  end(): void {
    try {
      finish(this.reached, this.ticket, this.tell)
    } catch (cause) {
      return this.fail(cause)
    }
    this.into.end()
  }

  fail(cause: unknown): void {
    void this.reached.began.answer.deltas.return()
    if (this.isLeft) left(this.reached, this.ticket, this.tell)
    this.into.fail(this.isLeft ? cause : broken(this.reached, cause, this.ticket, this.tell))
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

/** Throws a GatewayError when the answer stopped before its end. */
function finish({ lease, began }: Reached, ticket: Ticket, tell: Tell): void {
  const { meter, answer } = began
  if (!answer.deltas.isTerminated && !meter.finished())
    throw new GatewayError('broken_stream', `${lease.provider} broke off in the middle of its answer.`)
  lease.settle(meter.read())
  tell(ticket, undefined, meter)
}

function broken({ lease, began }: Reached, cause: unknown, ticket: Ticket, tell: Tell): GatewayError {
  const error = conclude(lease, cause, ticket, began.meter)
  tell(ticket, error, began.meter)
  return error
}

/** The reader went away: what was told until then is what was used. */
function left({ lease, began }: Reached, ticket: Ticket, tell: Tell): void {
  lease.settle(began.meter.read())
  tell(ticket, new GatewayError('cancelled', 'the client closed the request'), began.meter)
}

/** Gives the lease back with what went wrong; with a meter, an answer had begun. */
export function conclude(lease: Lease, cause: unknown, ticket: Ticket, meter?: Meter): GatewayError {
  const error = asGatewayError(cause, ticket.context.signal)
  lease.fail({ kind: error.kind, retryAfter: error.retryAfter, started: meter !== undefined, used: meter?.read() })
  return error
}
