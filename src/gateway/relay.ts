/** The committed answer on its way to the client: settles the lease and tells the record however it ends. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import { pour, type Flow, type Take } from '../chat/flow.ts'
import type { Lease } from '../scheduler/contract.ts'
import { asGatewayError, giveUntilFault, untilFault } from './fault.ts'
import type { Reached, Ticket } from './ticket.ts'
import type { Meter } from './used.ts'

export type Tell = (ticket: Ticket, error?: GatewayError, meter?: Pick<Meter, 'read'>) => void

/** Iterated or poured, once. */
export function relay(reached: Reached, ticket: Ticket, tell: Tell): Flow<Delta[]> {
  return {
    [Symbol.asyncIterator]: () => iterate(reached, ticket, tell),
    pour: (take) => pourOut(reached, ticket, tell, take),
  }
}

async function* iterate({ lease, began }: Reached, ticket: Ticket, tell: Tell): AsyncGenerator<Delta[]> {
  const { meter } = began
  let ended = false
  try {
    for (const deltas of began.head) yield* untilFault(deltas)
    while (true) {
      const read = await began.rest.next()
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
    await began.rest.return?.()
  }
}

async function pourOut(reached: Reached, ticket: Ticket, tell: Tell, take: Take<Delta[]>): Promise<void> {
  const { head, rest, meter, answer } = reached.began
  let isLeft = false
  const give: Take<Delta[]> = (deltas) => {
    try {
      return take(deltas)
    } catch (error) {
      isLeft = true
      throw error
    }
  }
  try {
    for (const deltas of head) await giveUntilFault(deltas, give)
    await pour(answer.deltas, (deltas) => {
      meter.see(deltas)
      return giveUntilFault(deltas, give)
    })
    finish(reached, ticket, tell)
  } catch (cause) {
    void rest.return?.()
    if (!isLeft) throw broken(reached, cause, ticket, tell)
    left(reached, ticket, tell)
    throw cause
  }
}

/** Throws a GatewayError when the answer stopped before its end. */
function finish({ lease, began }: Reached, ticket: Ticket, tell: Tell): void {
  const { meter, answer } = began
  if (!answer.terminated() && !meter.finished())
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
