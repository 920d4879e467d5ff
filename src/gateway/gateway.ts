/** The use case: a request becomes deltas. Takes a lease, tries, fails over; knows no wire. */
import { GatewayError } from '../chat/error.ts'
import { beginTrace } from '../runtime/trace-context.ts'
import type { ChatRequest, ReadAgain } from '../chat/request.ts'
import type { Answer, ChatContext, Gateway } from './types.ts'
import { createNativeRoutes } from './retry/native-routes.ts'
import { createRouteInputs } from './route-inputs.ts'
import { explainHeader } from './explain-header.ts'
import { KeptBodies } from './kept-bodies.ts'
import { createKeptThoughts } from './kept-thoughts.ts'
import { asGatewayError, unknownModel, withJourney } from './errors.ts'
import { createRetryLoop, type RetryLoopOptions } from './retry/retry-loop.ts'
import type { RequestRecord } from './request-record.ts'
import { relay, type RecordOutcome } from './relay.ts'
import { resuming } from './resume/resume.ts'
import { createRequestState, type CommittedAnswer, type RequestState } from './request-state.ts'

/** What one client may have. */
export interface ClientAccess {
  /** By the name that it asks for, and by the one that is meant. */
  mayUse(asked: string, meant: string): boolean
  models: readonly string[]
  /** Milliseconds that its requests wait for a key, where they do not say. */
  maxWait: number | undefined
  /** What it asks and gets is logged. */
  logsBodies?: boolean
}

export interface GatewayParts extends Omit<RetryLoopOptions, 'inputs'> {
  /** Public models whose broken streams go on from another key. */
  resumable: ReadonlySet<string>
  /** Of an upstream's headers, those that pass to the client; absent: none do. */
  passHeaders?: (headers: Record<string, string>) => Record<string, string>
  /** Are traces kept? Upstreams are told of them then. */
  traces?: boolean
  /** Hears what became of each request. */
  record: (record: RequestRecord) => void
  /** The name of the model that is meant, without what some clients add to it; absent: as it is given. */
  meant?: (model: string) => string
  /** The known model nearest to an unknown name. */
  suggest: (model: string) => string | undefined
  /** What a client may have; undefined for all that there is. */
  accessOf?: (client: string | undefined) => ClientAccess | undefined
  /** Resolves when prices are known; undefined when nobody has to wait for them. */
  priced?: () => Promise<void> | undefined
}

/** Characters: the longest name of a vendor's that is known has 140. */
const LONGEST_NAME = 512
/** Of a longer one. */
const SHOWN = 64

export function createGateway(parts: GatewayParts): Gateway {
  const inputs = createRouteInputs(parts)
  const retryLoop = createRetryLoop({ ...parts, inputs })
  const thoughts = createKeptThoughts()
  const hasNative = createNativeRoutes(parts)
  const { now, resumable, failover } = parts
  const resumption = { retryLoop, retries: failover.retries, now, recordOutcome }

  async function chat(request: ChatRequest, context: ChatContext): Promise<Answer> {
    const { model } = request
    // whatever is told, counted or kept of a request holds its model's name
    request.model = model.length > LONGEST_NAME ? `${model.slice(0, SHOWN)}…` : (parts.meant?.(model) ?? model)
    if (request.prefers_native !== undefined && request.needs_native === undefined && hasNative(request))
      request.needs_native = request.prefers_native
    request.messages = thoughts.restore(request.messages, context.client)
    if (request.again) request.again = withThoughts(request.again, context.client)
    const access = parts.accessOf?.(context.client)
    const requestState = createRequestState(request, context, now())
    requestState.maxWait ??= access?.maxWait
    if (access?.logsBodies) requestState.bodies = new KeptBodies(request)
    if (parts.traces) {
      requestState.trace = beginTrace(context.trace)
      requestState.operation = operationOf(request)
    }
    failover.traffic.earn()
    parts.hedging?.traffic.earn()
    try {
      if (model.length > LONGEST_NAME) throw tooLong(model)
      if (access?.mayUse(model, request.model) === false) throw notAllowed(model, access.models)
      const unpriced = parts.priced?.()
      if (unpriced) await unpriced
      const reached = await retryLoop(requestState)
      requestState.warnings = reached.began.answer.warnings
      // a long answer would keep a long question in memory twice
      request.received = undefined
      request.again = undefined
      request.native = undefined
      request.relay = undefined
      const resumes = request.stream && resumable.has(request.model)
      if (resumes) requestState.tellsCost = false
      const { deltas, terminated, cost } = resumes
        ? resuming(reached, requestState, resumption)
        : plain(reached, requestState, recordOutcome)
      const listened = thoughts.watch(deltas, request, context.client)
      const heard = requestState.bodies ? requestState.bodies.watchAnswer(listened) : listened
      return answerOf(
        reached,
        requestState,
        { deltas: heard, terminated, cost },
        parts.passHeaders?.(reached.began.answer.headers),
      )
    } catch (cause) {
      const fault = asGatewayError(cause, context.signal)
      const error =
        fault.kind === 'unknown_model' ? unknownModel(request.model, parts.suggest(request.model), fault) : fault
      withJourney(error, requestState)
      recordOutcome(requestState, error)
      throw error
    }
  }

  function withThoughts({ release, read }: ReadAgain, client: string | undefined): ReadAgain {
    return {
      release,
      read() {
        const request = read()
        request.messages = thoughts.restore(request.messages, client)
        return request
      },
    }
  }

  function recordOutcome(...[requestState, error, meter]: Parameters<RecordOutcome>): void {
    const used = meter?.read()
    const total = Math.round(now() - requestState.arrived)
    const last = requestState.trail.at(-1)
    if (last && last.outcome === undefined) {
      last.outcome = error?.kind ?? 'ok'
      last.ms = total - last.at_ms
    }
    parts.record({
      id: requestState.context.id,
      client: requestState.context.client,
      model: requestState.request.model,
      stream: requestState.request.stream,
      outcome: error?.kind ?? 'ok',
      provider: requestState.lease?.provider,
      upstream_model: requestState.lease?.model,
      key: requestState.lease?.key,
      attempts: requestState.attempts,
      resumed: requestState.resumed > 0 ? requestState.resumed : undefined,
      queue_ms: Math.round(requestState.waited),
      first_ms: requestState.first === undefined ? undefined : Math.round(requestState.first),
      total_ms: total,
      input_tokens: used?.input,
      output_tokens: used?.output,
      cached_tokens: used?.cached,
      cache_write_tokens: used?.cache_write,
      reasoning_tokens: used?.reasoning,
      cost: used?.cost,
      max_tokens: requestState.request.max_tokens,
      trail: requestState.trail,
      operation: requestState.operation,
      trace: requestState.trace,
      bodies: requestState.bodies?.read(),
      warnings: requestState.warnings?.length ? requestState.warnings : undefined,
      error: error?.message,
    })
  }

  function estimate(request: ChatRequest): number {
    const { input, inputs: own } = inputs({ ...request, model: parts.meant?.(request.model) ?? request.model }, 0)
    return own ? (Object.values(own)[0]?.input ?? input) : input
  }

  return { chat, estimate }
}

/** As traces name it. */
function operationOf({ embeddings, relay, native }: ChatRequest): string | undefined {
  return embeddings ? 'embeddings' : (relay?.operation ?? native?.operation)
}

type Poured = Pick<Answer, 'deltas' | 'terminated' | 'cost'>

function plain(reached: CommittedAnswer, requestState: RequestState, recordOutcome: RecordOutcome): Poured {
  const { answer, meter } = reached.began
  return {
    deltas: relay(reached, requestState, recordOutcome),
    terminated: () => answer.deltas.isTerminated,
    cost: () => meter.read().cost,
  }
}

function answerOf(
  { lease, began }: CommittedAnswer,
  requestState: RequestState,
  poured: Poured,
  headers: Record<string, string> | undefined,
): Answer {
  return {
    model: lease.model,
    provider: lease.provider,
    key: lease.key,
    attempts: requestState.attempts,
    waited: requestState.waited,
    warnings: began.answer.warnings,
    headers,
    explain: requestState.candidates && explainHeader(lease, requestState.candidates),
    ...poured,
  }
}

function notAllowed(model: string, models: readonly string[]): GatewayError {
  const message = `This API key may not use the model '${model.slice(0, 200)}'. It may use ${models.slice(0, 20).join(', ')}.`
  return new GatewayError('client_permission', message, { param: 'model' })
}

function tooLong(model: string): GatewayError {
  const message = `The name of the model has ${model.length} characters; this server takes ${LONGEST_NAME}.`
  return new GatewayError('invalid_request', message, { param: 'model' })
}
