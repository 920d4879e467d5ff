/** The use case: a request becomes deltas. Takes a lease, tries, fails over; knows no wire. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Lease, Scheduler } from '../scheduler/contract.ts'
import { attempt, type AttemptAnswer } from '../upstream/attempt.ts'
import type { Client, Format, Secret, Timeouts } from '../upstream/contract.ts'
import { affinityOf } from './affinity.ts'
import { explainsEmptiness, hasContent, isFinish } from './content.ts'
import type { Answer, ChatContext, Gateway } from './contract.ts'
import { estimateInput, needsOf } from './estimate.ts'
import { asGatewayError, judge, type FailoverOptions } from './failover.ts'
import { createMeter, type Meter } from './used.ts'

export interface GatewayProvider {
  name: string
  format: Format
  base_url: string
  headers: Record<string, string>
  keys: { name: string; secret: Secret }[]
}

export interface GatewayParts {
  providers: readonly GatewayProvider[]
  scheduler: Scheduler
  client: Client
  timeouts: Timeouts
  failover: FailoverOptions
  /** Milliseconds, monotonic. */
  now: () => number
  /** Milliseconds since the epoch. */
  wall: () => number
}

interface Ticket {
  request: ChatRequest
  context: ChatContext
  arrived: number
  tries: number
  excluded: Set<string>
  maxWait: number | undefined
  waited: number
}

interface Began {
  answer: AttemptAnswer
  head: Delta[][]
  rest: AsyncIterator<Delta[]>
  meter: Meter
  /** Nothing to show and no reason for it. */
  empty: boolean
  /** A reason to stop was given. */
  finished: boolean
}

export function createGateway(parts: GatewayParts): Gateway {
  const providers = new Map(parts.providers.map((provider) => [provider.name, provider]))
  const secrets = new Map(parts.providers.flatMap((provider) => provider.keys.map((key) => [key.name, key.secret])))

  async function chat(request: ChatRequest, context: ChatContext): Promise<Answer> {
    const ticket: Ticket = {
      request,
      context,
      arrived: parts.now(),
      tries: 0,
      excluded: new Set(),
      maxWait: context.maxWait,
      waited: 0,
    }
    const cost = { input: estimateInput(request), maxOutput: request.max_tokens ?? null }
    const needs = needsOf(request)
    const affinity = affinityOf(request, context.client)
    let last: GatewayError | undefined
    // an answer with nothing in it, kept in case nobody has a better one
    let spare: Answer | undefined
    while (true) {
      let lease: Lease
      try {
        lease = await parts.scheduler.acquire({
          model: request.model,
          ...cost,
          needs,
          client: context.client,
          affinity,
          exclude: ticket.excluded,
          maxWait: ticket.maxWait,
          waited: parts.now() - ticket.arrived,
          signal: context.signal,
        })
      } catch (cause) {
        const error = asGatewayError(cause, context.signal)
        if (spare && error.kind !== 'cancelled') return spare
        // what an upstream said of this request tells the client more than that no other key is left
        throw last === undefined || error.kind === 'cancelled' ? error : withWait(last, error)
      }
      ticket.tries++
      ticket.waited += lease.waited
      try {
        const began = await begin(lease, ticket)
        if (began.empty) {
          if (began.finished) spare = answerOf(lease, began, ticket, replay(began.head))
          throw new GatewayError('empty_answer', `${lease.provider} answered with nothing in it`)
        }
        return answerOf(lease, began, ticket, relay(lease, began, ticket))
      } catch (cause) {
        last = conclude(lease, cause, ticket, false)
        const verdict = judge(last, ticket.tries, parts.now() - ticket.arrived, parts.failover)
        if (!verdict.again) {
          if (spare) return spare
          throw last
        }
        if (verdict.exclude === 'key') ticket.excluded.add(lease.id)
        if (verdict.exclude === 'provider') for (const id of routesOf(lease)) ticket.excluded.add(id)
        ticket.maxWait = shorter(ticket.maxWait, verdict.maxWait)
      }
    }
  }

  /** Sends, and reads until there is something to show: until then a fault can still go to another key. */
  async function begin(lease: Lease, ticket: Ticket): Promise<Began> {
    const provider = providers.get(lease.provider)
    const secret = secrets.get(lease.key)
    if (!provider || secret === undefined) throw new GatewayError('internal', `no provider or key behind ${lease.id}`)
    const sent = parts.now()
    const answer = await attempt(
      ticket.request,
      provider.format,
      { base_url: provider.base_url, model: lease.model, secret, headers: provider.headers },
      {
        client: parts.client,
        timeouts: parts.timeouts,
        signal: ticket.context.signal,
        now: parts.wall,
        observe: (signals) => lease.observe(signals),
        started: () => lease.started(parts.now() - sent),
      },
    )
    const meter = createMeter()
    const head: Delta[][] = []
    const rest = answer.deltas[Symbol.asyncIterator]()
    let explained = false
    let finished = false
    while (true) {
      const read = await rest.next()
      if (read.done) return { answer, head, rest, meter, empty: !explained, finished }
      meter.see(read.value)
      head.push(read.value)
      if (read.value.some(hasContent)) return { answer, head, rest, meter, empty: false, finished }
      const fault = read.value.find((delta) => delta.error)?.error
      if (fault) {
        await rest.return?.()
        throw fromDelta(fault)
      }
      explained ||= read.value.some(explainsEmptiness)
      finished ||= read.value.some(isFinish)
    }
  }

  function answerOf(lease: Lease, began: Began, ticket: Ticket, deltas: AsyncIterable<Delta[]>): Answer {
    return {
      model: lease.model,
      provider: lease.provider,
      key: lease.key,
      attempts: ticket.tries,
      waited: ticket.waited,
      warnings: began.answer.warnings,
      explain: () => lease.explain(),
      terminated: began.answer.terminated,
      deltas,
    }
  }

  async function* relay(lease: Lease, began: Began, ticket: Ticket): AsyncGenerator<Delta[]> {
    let ended = false
    try {
      for (const deltas of began.head) yield* untilFault(deltas)
      while (true) {
        const read = await began.rest.next()
        if (read.done) break
        began.meter.see(read.value)
        yield* untilFault(read.value)
      }
      ended = true
      lease.settle(began.meter.read())
    } catch (cause) {
      ended = true
      throw conclude(lease, cause, ticket, true, began.meter)
    } finally {
      // the reader went away: what was told until then is what was used
      if (!ended) {
        lease.settle(began.meter.read())
        await began.rest.return?.()
      }
    }
  }

  function conclude(lease: Lease, cause: unknown, ticket: Ticket, started: boolean, meter?: Meter): GatewayError {
    const error = asGatewayError(cause, ticket.context.signal)
    lease.fail({ kind: error.kind, retryAfter: error.retryAfter, started, used: meter?.read() })
    return error
  }

  /** Every key of the lease's provider for its model. */
  function routesOf(lease: Lease): string[] {
    const keys = providers.get(lease.provider)?.keys ?? []
    return keys.map((key) => `${lease.provider}/${lease.model}#${key.name}`)
  }

  return { chat }
}

/** What came before a fault is the client's; the fault itself is thrown. */
function* untilFault(deltas: Delta[]): Generator<Delta[]> {
  const at = deltas.findIndex((delta) => delta.error)
  const fault = deltas[at]?.error
  if (!fault) yield deltas
  else {
    if (at > 0) yield deltas.slice(0, at)
    throw fromDelta(fault)
  }
}

async function* replay(head: Delta[][]): AsyncGenerator<Delta[]> {
  yield* head
}

function fromDelta(error: NonNullable<Delta['error']>): GatewayError {
  return new GatewayError(error.kind, error.message, {
    type: error.type,
    code: error.code,
    retryAfter: error.retryAfter,
  })
}

/** The upstream's words with the scheduler's knowledge of when another try can work. */
function withWait(said: GatewayError, refusal: GatewayError): GatewayError {
  said.retryAfter = refusal.retryAfter ?? said.retryAfter
  said.extra = { ...refusal.extra, ...said.extra }
  return said
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
