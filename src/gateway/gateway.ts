/** The use case: a request becomes deltas. Takes a lease, tries, fails over; knows no wire. */
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Answer, ChatContext, Gateway } from './contract.ts'
import { explained } from './explained.ts'
import { asGatewayError, unknownModel, withJourney } from './fault.ts'
import { createReach, type ReachParts } from './reach.ts'
import type { RequestRecord } from './record.ts'
import { relay, type Tell } from './relay.ts'
import { resuming } from './resume.ts'
import { openTicket, type Reached, type Ticket } from './ticket.ts'

export interface GatewayParts extends ReachParts {
  /** Public models whose broken streams go on from another key. */
  resumable: ReadonlySet<string>
  /** Of an upstream's headers, those that pass to the client; absent: none do. */
  passHeaders?: (headers: Record<string, string>) => Record<string, string>
  /** Hears what became of each request. */
  record: (record: RequestRecord) => void
  /** The known model nearest to an unknown name. */
  suggest: (model: string) => string | undefined
}

export function createGateway(parts: GatewayParts): Gateway {
  const reach = createReach(parts)
  const { now, resumable, failover } = parts
  const resumption = { reach, retries: failover.retries, now, tell }

  async function chat(request: ChatRequest, context: ChatContext): Promise<Answer> {
    const ticket = openTicket(request, context, now())
    failover.traffic.earn()
    parts.hedging?.traffic.earn()
    try {
      const reached = await reach(ticket)
      ticket.warnings = reached.began.answer.warnings
      // a long answer would keep a long question in memory twice
      request.received = undefined
      request.native = undefined
      const resumes = request.stream && resumable.has(request.model)
      const { deltas, terminated } = resumes ? resuming(reached, ticket, resumption) : plain(reached, ticket, tell)
      return answerOf(reached, ticket, deltas, terminated, parts.passHeaders?.(reached.began.answer.headers))
    } catch (cause) {
      const fault = asGatewayError(cause, context.signal)
      const error =
        fault.kind === 'unknown_model' ? unknownModel(request.model, parts.suggest(request.model), fault) : fault
      withJourney(error, ticket)
      tell(ticket, error)
      throw error
    }
  }

  function tell(...[ticket, error, meter]: Parameters<Tell>): void {
    const used = meter?.read()
    parts.record({
      id: ticket.context.id,
      client: ticket.context.client,
      model: ticket.request.model,
      stream: ticket.request.stream,
      outcome: error?.kind ?? 'ok',
      provider: ticket.lease?.provider,
      upstream_model: ticket.lease?.model,
      key: ticket.lease?.key,
      attempts: ticket.attempts,
      resumed: ticket.resumed > 0 ? ticket.resumed : undefined,
      queue_ms: Math.round(ticket.waited),
      first_ms: ticket.first === undefined ? undefined : Math.round(ticket.first),
      total_ms: Math.round(now() - ticket.arrived),
      input_tokens: used?.input,
      output_tokens: used?.output,
      cached_tokens: used?.cached,
      warnings: ticket.warnings?.length ? ticket.warnings : undefined,
      error: error?.message,
    })
  }

  return { chat }
}

function plain(reached: Reached, ticket: Ticket, tell: Tell): Pick<Answer, 'deltas' | 'terminated'> {
  const { deltas } = reached.began.answer
  return { deltas: relay(reached, ticket, tell), terminated: () => deltas.isTerminated }
}

function answerOf(
  { lease, began }: Reached,
  ticket: Ticket,
  deltas: AsyncIterable<Delta[]>,
  terminated: () => boolean,
  headers: Record<string, string> | undefined,
): Answer {
  return {
    model: lease.model,
    provider: lease.provider,
    key: lease.key,
    attempts: ticket.attempts,
    waited: ticket.waited,
    warnings: began.answer.warnings,
    headers,
    explain: ticket.candidates && explained(lease, ticket.candidates),
    terminated,
    deltas,
  }
}
