/** The committed answer on its way to the client: settles the lease and tells the record however it ends. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { Lease } from '../scheduler/contract.ts'
import { asGatewayError, untilFault } from './fault.ts'
import type { Reached, Ticket } from './ticket.ts'
import type { Meter } from './used.ts'

export type Tell = (ticket: Ticket, error?: GatewayError, meter?: Pick<Meter, 'read'>) => void

export async function* relay({ lease, began }: Reached, ticket: Ticket, tell: Tell): AsyncGenerator<Delta[]> {
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
    if (!began.answer.terminated() && !meter.finished())
      throw new GatewayError('broken_stream', `${lease.provider} broke off in the middle of its answer.`)
    ended = true
    lease.settle(meter.read())
    tell(ticket, undefined, meter)
  } catch (cause) {
    ended = true
    const error = conclude(lease, cause, ticket, meter)
    tell(ticket, error, meter)
    throw error
  } finally {
    // the reader went away: what was told until then is what was used
    if (!ended) {
      lease.settle(meter.read())
      tell(ticket, new GatewayError('cancelled', 'the client closed the request'), meter)
    }
    await began.rest.return?.()
  }
}

/** Gives the lease back with what went wrong; with a meter, an answer had begun. */
export function conclude(lease: Lease, cause: unknown, ticket: Ticket, meter?: Meter): GatewayError {
  const error = asGatewayError(cause, ticket.context.signal)
  lease.fail({ kind: error.kind, retryAfter: error.retryAfter, started: meter !== undefined, used: meter?.read() })
  return error
}
