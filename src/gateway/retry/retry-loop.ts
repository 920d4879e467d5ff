/** From a request to a key that answers it: takes a lease, tries, and follows the failover policy until something begins. */
import { newSpanId } from '../../runtime/trace-context.ts'
import type { Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError, KINDS, type ErrorKind } from '../../chat/error.ts'
import type { AcquireRequest, Lease, PoolSpec, Scheduler } from '../../scheduler/types.ts'
import { cacheAffinityKey, isShort } from '../cache-affinity-key.ts'
import { awaitFirstContent, type GatewayProvider } from './first-content.ts'
import { CHARACTERS_PER_TOKEN, needsOf } from '../estimate.ts'
import type { RouteInputs } from '../route-inputs.ts'
import { judge, type FailoverOptions, type Verdict } from './failover.ts'
import { asGatewayError, withWait } from '../errors.ts'
import { hedged, type Hedging } from './hedge.ts'
import { conclude } from '../relay.ts'
import type { AttemptRecord } from '../logged-request.ts'
import { bar, exclude, isBarred, type CommittedAnswer, type RequestState } from '../request-state.ts'
import { held } from './held-in-queue.ts'
import { createMissingRoutes } from './missing-routes.ts'
import { LeaseAttempt, type Course, type Sender } from './lease-attempt.ts'

export interface RetryLoopOptions extends Sender {
  providers: readonly GatewayProvider[]
  scheduler: Scheduler
  /** Public models, and after which refusals the next of their tiers is asked. */
  pools?: readonly (PoolSpec & { on?: readonly Refusal[] })[]
  failover: FailoverOptions
  /** What a request will cost. */
  inputs: RouteInputs
  /** Absent: no request is sent twice. */
  hedging?: Hedging
}

/** What a model that serves a lower tier may take. */
export type Refusal = 'context_length' | 'content_filter'

const REFUSALS: Partial<Record<ErrorKind, Refusal>> = {
  context_length: 'context_length',
  content_policy: 'content_filter',
}

/** Milliseconds after which a request may come back that was refused on every try, each without a word. */
const SOONEST = 1000

/** Codes of a 404 that a route will say again: no such model, no such path. */
const MISSING: ReadonlySet<string> = new Set(['model_not_found', 'unknown_url'])

const NO_INPUT = { input: 0 }

function unknownHere(): GatewayError {
  const message =
    'The configuration is being exchanged, and the key for this request is not known yet: try again in a second.'
  return new GatewayError('overloaded', message, { retryAfter: SOONEST })
}

/** Throws the GatewayError that tells the client most. */
export type RetryLoop = (requestState: RequestState) => Promise<CommittedAnswer>

export function createRetryLoop(parts: RetryLoopOptions): RetryLoop {
  const providers = new Map(parts.providers.map((provider) => [provider.name, provider]))
  const pools = new Map(parts.pools?.map((pool) => [pool.model, pool]))
  const missing = createMissingRoutes(parts.pools ?? [], parts.now)
  const secrets = new Map(parts.providers.flatMap((provider) => provider.keys.map((key) => [key.name, key.secret])))

  return async (requestState) => {
    const asked = askFor(requestState)
    let next = asked
    const course: Course = { sent: false, spare: undefined }
    let last: GatewayError | undefined
    let firstTry: number | undefined
    while (true) {
      let lease: Lease
      const since = parts.now()
      try {
        requestState.context.signal.isQueued = true
        lease = await held(requestState.request, parts.scheduler.acquire(next), course.spare !== undefined)
      } catch (cause) {
        const error = asGatewayError(cause, requestState.context.signal)
        if (error.kind === 'unknown_model' || error.kind === 'cancelled' || last === undefined) throw error
        if (course.spare) return course.spare
        // what an upstream said of this request tells the client more than that no other key is left, but not more than
        // that it is too large for all of them
        throw error.kind === 'too_large' ? error : withWait(last, error)
      } finally {
        requestState.context.signal.isQueued = false
        requestState.queued = parts.now() - since
        requestState.waited += requestState.queued
      }
      if (!secrets.has(lease.key)) {
        // the scheduler has another configuration for a moment, and with it a key that is not known here
        lease.fail({ kind: 'cancelled', started: false })
        // there is no other: asked again and again it would spend all that the key's limits allow
        if (requestState.excluded?.has(lease.id)) throw last ?? unknownHere()
        exclude(requestState, lease.id)
        next = again(asked, requestState, requestState.excluded, requestState.maxWait)
        continue
      }
      if (last && isBarred(requestState, lease)) {
        lease.fail({ kind: 'cancelled', started: false })
        if (course.spare) return course.spare
        throw last
      }
      const began = parts.now()
      const { tries } = requestState
      course.sent = false
      try {
        if (parts.hedging && !lease.asks) return await hedge(parts.hedging, lease, requestState, asked, course)
        return await tryOnce(lease, requestState, requestState.context.signal, course)
      } catch (cause) {
        const error = asGatewayError(cause, requestState.context.signal)
        if (lease.asks && KINDS[error.kind].blame === 'limit') {
          // it left for the others' sake, and waits on as if it had not
          requestState.tries = tries
          next = again(asked, requestState, requestState.excluded, requestState.maxWait)
          continue
        }
        // what an upstream said tells the client more than that the next cannot even be asked
        if (last === undefined || course.sent || error.kind !== 'unsupported') last = error
        firstTry ??= began
        const refusal = REFUSALS[error.kind]
        const fallsBack = refusal !== undefined && pools.get(requestState.request.model)?.on?.includes(refusal) === true
        const tried = { tries: requestState.tries, elapsed: parts.now() - firstTry, sent: course.sent, fallsBack }
        const verdict = judge(error, tried, parts.failover)
        if (!verdict.again) {
          if (course.spare) return course.spare
          // who is turned away for a limit is told when to come back, though no upstream said so
          if (KINDS[last.kind].blame === 'limit') last.retryAfter ??= await nextMoment(asked, requestState)
          throw last
        }
        heed(verdict, lease, requestState)
        next = again(asked, requestState, requestState.excluded, requestState.maxWait)
      }
    }
  }

  /** When a key can take this request; at once where one is free, which the request had no further try for. */
  async function nextMoment(asked: AcquireRequest, requestState: RequestState): Promise<number> {
    try {
      const lease = await parts.scheduler.acquire(again(asked, requestState, undefined, 0))
      lease.fail({ kind: 'cancelled', started: false })
      return SOONEST
    } catch (cause) {
      return asGatewayError(cause, requestState.context.signal).retryAfter ?? SOONEST
    }
  }

  function hedge(
    hedging: Hedging,
    lease: Lease,
    requestState: RequestState,
    asked: AcquireRequest,
    course: Course,
  ): Promise<CommittedAnswer> {
    const tries = (each: Lease, signal: Cancellation): Promise<CommittedAnswer> => {
      // of two that run at once the policy hears of one fault: the other key is done without as well
      if (each !== lease) exclude(requestState, each.id)
      return tryOnce(each, requestState, signal, course)
    }
    const another = async (): Promise<Lease | undefined> => {
      const others = new Set(requestState.excluded).add(lease.id)
      const found = await parts.scheduler.acquire(again(asked, requestState, others, 0)).catch(() => undefined)
      if (!found) return undefined
      if (found.id !== lease.id && !isBarred(requestState, found) && secrets.has(found.key)) return found
      found.fail({ kind: 'cancelled', started: false })
      return undefined
    }
    return hedged(lease, tries, another, requestState.context.signal, hedging)
  }

  async function tryOnce(
    lease: Lease,
    requestState: RequestState,
    signal: Cancellation,
    course: Course,
  ): Promise<CommittedAnswer> {
    const started = parts.now()
    requestState.lease = lease
    const tried = beginTry(requestState, lease, started)
    const route = `${lease.provider}/${lease.model}`
    missing.tried(route)
    if (requestState.context.explain) requestState.candidates = lease.explain()
    try {
      const provider = providers.get(lease.provider)
      const secret = secrets.get(lease.key)
      if (!provider || secret === undefined) throw new GatewayError('internal', `no provider or key behind ${lease.id}`)
      const began = await awaitFirstContent(
        provider,
        secret,
        requestState,
        new LeaseAttempt(lease, requestState, parts, signal, course, tried.span),
      )
      if (began.empty) {
        if (began.meter.finished()) course.spare = { lease, began }
        throw new GatewayError('empty_answer', `${lease.provider} returned an empty answer`)
      }
      missing.found(route)
      if (began.refused && pools.get(requestState.request.model)?.on?.includes('content_filter')) {
        course.spare = { lease, began }
        throw new GatewayError('content_policy', `${lease.provider} would not answer this.`)
      }
      tried.first_ms = Math.round(parts.now() - started)
      requestState.lease = lease
      requestState.first ??= parts.now() - requestState.arrived
      parts.hedging?.times.see(route, parts.now() - started)
      return { lease, began }
    } catch (cause) {
      // a path beside chat that a server does not have says nothing of its models
      const isMissing = cause instanceof GatewayError && cause.kind === 'not_found' && MISSING.has(cause.code ?? '')
      const { relay, native } = requestState.request
      if (isMissing && relay === undefined && native?.operation === undefined) missing.missed(route)
      const error = conclude(lease, cause, requestState)
      Object.assign(tried, { ms: Math.round(parts.now() - started), outcome: error.kind, error: error.message })
      throw error
    }
  }

  /** What the first try asks for. */
  function askFor(requestState: RequestState): AcquireRequest {
    const { request, beginning, context, excluded, maxWait, since } = requestState
    // to count tokens costs none, and what is no chat is told by its answer alone
    const costs = !request.native?.operation && !request.relay
    const asked = costs ? parts.inputs(request, Math.ceil(beginning.length / CHARACTERS_PER_TOKEN)) : NO_INPUT
    const { input } = asked
    requestState.input = input
    return {
      id: context.id,
      model: request.model,
      ...asked,
      maxOutput: request.max_tokens ?? null,
      needs: needsOf(request),
      client: context.client,
      affinity: request.relay ? undefined : cacheAffinityKey(request, context),
      short: isShort(request, input, context),
      obeys: context.obeys,
      signal: context.signal,
      explain: context.explain,
      exclude: withMissing(excluded),
      maxWait,
      waited: parts.now() - since,
    }
  }

  /** The same for another try. */
  function again(
    asked: AcquireRequest,
    { since }: RequestState,
    exclude: ReadonlySet<string> | undefined,
    maxWait: number | undefined,
  ): AcquireRequest {
    return { ...asked, exclude: withMissing(exclude), maxWait, waited: parts.now() - since }
  }

  function withMissing(excluded: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
    const gone = missing.now()
    return gone && excluded ? new Set([...excluded, ...gone]) : (excluded ?? gone)
  }

  /** Keys and routes that the next try does without. */
  function heed(verdict: Extract<Verdict, { again: true }>, lease: Lease, requestState: RequestState): void {
    if (verdict.exclude === 'route') bar(requestState, `${lease.provider}/${lease.model}`)
    else if (verdict.exclude === 'tier')
      for (const route of routesBefore(pools.get(requestState.request.model), lease)) bar(requestState, route)
    else if (verdict.exclude === 'dead key') bar(requestState, lease.id)
    else if (verdict.exclude === 'key') exclude(requestState, lease.id)
    if (verdict.maxWait === undefined) return
    // patience counts from the arrival, and this one from now on
    const patience = parts.now() - requestState.since + verdict.maxWait
    requestState.maxWait = Math.min(requestState.maxWait ?? Infinity, patience)
  }
}

function beginTry(requestState: RequestState, { provider, model, key }: Lease, now: number): AttemptRecord {
  const { arrived, queued, trace } = requestState
  requestState.queued = 0
  const tried: AttemptRecord = { provider, model, key, at_ms: Math.round(now - arrived), waited_ms: Math.round(queued) }
  if (trace) tried.span = newSpanId()
  requestState.trail = [...requestState.trail, tried]
  return tried
}

/** The routes of the tier that a lease is of, and of those above it; of one tier alone the lease's own. */
function routesBefore({ routes }: Pick<PoolSpec, 'routes'> = { routes: [] }, { provider, model }: Lease): string[] {
  const own = routes.find((route) => route.provider === provider && route.model === model)
  const tier = own?.tier ?? 0
  const isLast = routes.every((route) => route.tier <= tier)
  const before = isLast ? [] : routes.filter((route) => route.tier <= tier)
  return [`${provider}/${model}`, ...before.map((route) => `${route.provider}/${route.model}`)]
}
