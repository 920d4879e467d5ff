/** The use case: a request becomes deltas. Takes a lease, tries, fails over; knows no wire. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Lease, Scheduler } from '../scheduler/contract.ts'
import { affinityOf } from './affinity.ts'
import { begin, type GatewayProvider, type Sender } from './begin.ts'
import type { Answer, ChatContext, Gateway } from './contract.ts'
import { estimateInput, needsOf } from './estimate.ts'
import { judge, type FailoverOptions } from './failover.ts'
import { asGatewayError, unknownModel, withWait } from './fault.ts'
import type { RequestRecord } from './record.ts'
import { conclude, relay, type Tell } from './relay.ts'
import { openTicket, type Began, type Ticket } from './ticket.ts'

export interface GatewayParts extends Sender {
  providers: readonly GatewayProvider[]
  scheduler: Scheduler
  failover: FailoverOptions
  /** Hears what became of each request. */
  record: (record: RequestRecord) => void
  /** The known model nearest to an unknown name. */
  suggest: (model: string) => string | undefined
}

export function createGateway(parts: GatewayParts): Gateway {
  const providers = new Map(parts.providers.map((provider) => [provider.name, provider]))
  const secrets = new Map(parts.providers.flatMap((provider) => provider.keys.map((key) => [key.name, key.secret])))

  async function chat(request: ChatRequest, context: ChatContext): Promise<Answer> {
    const ticket = openTicket(request, context, parts.now())
    try {
      return await serve(ticket)
    } catch (error) {
      tell(ticket, asGatewayError(error, context.signal))
      throw error
    }
  }

  async function serve(ticket: Ticket): Promise<Answer> {
    const acquire = acquirer(ticket)
    let last: GatewayError | undefined
    // an answer with nothing in it, kept in case nobody has a better one
    let spare: Answer | undefined
    while (true) {
      let lease: Lease
      try {
        lease = await acquire()
      } catch (cause) {
        const error = asGatewayError(cause, ticket.context.signal)
        if (error.kind === 'unknown_model')
          throw unknownModel(ticket.request.model, parts.suggest(ticket.request.model), error)
        if (error.kind === 'cancelled') throw error
        if (spare) return spare
        // what an upstream said of this request tells the client more than that no other key is left
        throw last === undefined ? error : withWait(last, error)
      }
      if (last && ticket.barred.has(lease.id)) {
        lease.fail({ kind: 'cancelled', started: false })
        throw last
      }
      ticket.tries++
      ticket.waited += lease.waited
      ticket.lease = lease
      try {
        const began = await send(lease, ticket)
        if (began.empty) {
          if (began.finished) spare = answerOf(lease, began, ticket, replay(began.head))
          throw new GatewayError('empty_answer', `${lease.provider} answered with nothing in it`)
        }
        return answerOf(lease, began, ticket, relay(lease, began, ticket, tell))
      } catch (cause) {
        last = conclude(lease, cause, ticket)
        const verdict = judge(last, ticket.tries, parts.now() - ticket.arrived, parts.failover)
        if (!verdict.again) {
          if (spare) return spare
          throw last
        }
        for (const id of verdict.exclude === 'provider' ? routesOf(lease) : []) {
          ticket.excluded.add(id)
          ticket.barred.add(id)
        }
        if (verdict.exclude === 'key') ticket.excluded.add(lease.id)
        if (verdict.maxWait !== undefined) ticket.maxWait = Math.min(ticket.maxWait ?? Infinity, verdict.maxWait)
      }
    }
  }

  function acquirer(ticket: Ticket): () => Promise<Lease> {
    const { request, context } = ticket
    const asked = {
      model: request.model,
      input: estimateInput(request),
      maxOutput: request.max_tokens ?? null,
      needs: needsOf(request),
      client: context.client,
      affinity: affinityOf(request, context.client),
      exclude: ticket.excluded,
      signal: context.signal,
    }
    return () => parts.scheduler.acquire({ ...asked, maxWait: ticket.maxWait, waited: parts.now() - ticket.arrived })
  }

  function send(lease: Lease, ticket: Ticket): Promise<Began> {
    const provider = providers.get(lease.provider)
    const secret = secrets.get(lease.key)
    if (!provider || secret === undefined) throw new GatewayError('internal', `no provider or key behind ${lease.id}`)
    return begin(lease, provider, secret, ticket, parts)
  }

  /** Every key of the lease's provider for its model. */
  function routesOf(lease: Lease): string[] {
    const keys = providers.get(lease.provider)?.keys ?? []
    return keys.map((key) => `${lease.provider}/${lease.model}#${key.name}`)
  }

  const tell: Tell = (ticket, error, meter) => {
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
      attempts: ticket.tries,
      queue_ms: Math.round(ticket.waited),
      first_ms: ticket.first === undefined ? undefined : Math.round(ticket.first),
      total_ms: Math.round(parts.now() - ticket.arrived),
      input_tokens: used?.input,
      output_tokens: used?.output,
      cached_tokens: used?.cached,
      error: error?.message,
    })
  }

  return { chat }
}

function answerOf(lease: Lease, began: Began, ticket: Ticket, deltas: AsyncIterable<Delta[]>): Answer {
  return {
    model: lease.model,
    provider: lease.provider,
    key: lease.key,
    attempts: ticket.tries,
    waited: ticket.waited,
    warnings: began.answer.warnings,
    ...(ticket.context.explain && { explain: lease.explain() }),
    terminated: began.answer.terminated,
    deltas,
  }
}

async function* replay(head: Delta[][]): AsyncGenerator<Delta[]> {
  yield* head
}
