/** From a request to a key that answers it: takes a lease, tries, and follows the failover policy until something begins. */
import type { Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'
import type { AcquireRequest, Lease, Scheduler } from '../../scheduler/types.ts'
import { affinityOf } from '../affinity.ts'
import { awaitFirstContent, type GatewayProvider } from './first-content.ts'
import { CHARACTERS_PER_TOKEN, estimateInput, needsOf } from '../estimate.ts'
import { judge, type FailoverOptions, type Verdict } from './failover.ts'
import { asGatewayError, withWait } from '../errors.ts'
import { hedged, type Hedging } from './hedge.ts'
import { conclude } from '../relay.ts'
import { bar, exclude, type CommittedAnswer, type RequestState } from '../request-state.ts'
import { LeaseAttempt, type Course, type Sender } from './lease-attempt.ts'

export interface RetryLoopOptions extends Sender {
  providers: readonly GatewayProvider[]
  scheduler: Scheduler
  failover: FailoverOptions
  /** Absent: no request is sent twice. */
  hedging?: Hedging
}

/** Throws the GatewayError that tells the client most. */
export type RetryLoop = (requestState: RequestState) => Promise<CommittedAnswer>

export function createRetryLoop(parts: RetryLoopOptions): RetryLoop {
  const providers = new Map(parts.providers.map((provider) => [provider.name, provider]))
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
        lease = await parts.scheduler.acquire(next)
      } catch (cause) {
        const error = asGatewayError(cause, requestState.context.signal)
        if (error.kind === 'unknown_model' || error.kind === 'cancelled' || last === undefined) throw error
        if (course.spare) return course.spare
        // what an upstream said of this request tells the client more than that no other key is left, but not more than
        // that it is too large for all of them
        throw error.kind === 'too_large' ? error : withWait(last, error)
      } finally {
        requestState.waited += parts.now() - since
      }
      if (last && requestState.barred?.has(lease.id)) {
        lease.fail({ kind: 'cancelled', started: false })
        if (course.spare) return course.spare
        throw last
      }
      firstTry ??= parts.now()
      course.sent = false
      try {
        if (parts.hedging) return await hedge(parts.hedging, lease, requestState, asked, course)
        return await tryOnce(lease, requestState, requestState.context.signal, course)
      } catch (cause) {
        last = asGatewayError(cause, requestState.context.signal)
        const tried = { tries: requestState.tries, elapsed: parts.now() - firstTry, sent: course.sent }
        const verdict = judge(last, tried, parts.failover)
        if (!verdict.again) {
          if (course.spare) return course.spare
          throw last
        }
        heed(verdict, lease, requestState)
        next = again(asked, requestState, requestState.excluded, requestState.maxWait)
      }
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
      if (!found || (found.id !== lease.id && !requestState.barred?.has(found.id))) return found
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
    if (requestState.context.explain) requestState.candidates = lease.explain()
    try {
      const provider = providers.get(lease.provider)
      const secret = secrets.get(lease.key)
      if (!provider || secret === undefined) throw new GatewayError('internal', `no provider or key behind ${lease.id}`)
      const began = await awaitFirstContent(
        provider,
        secret,
        requestState,
        new LeaseAttempt(lease, requestState, parts, signal, course),
      )
      if (began.empty) {
        if (began.meter.finished()) course.spare = { lease, began }
        throw new GatewayError('empty_answer', `${lease.provider} returned an empty answer`)
      }
      requestState.lease = lease
      requestState.first ??= parts.now() - requestState.arrived
      parts.hedging?.times.see(`${lease.provider}/${lease.model}`, parts.now() - started)
      return { lease, began }
    } catch (cause) {
      throw conclude(lease, cause, requestState)
    }
  }

  /** What the first try asks for. */
  function askFor({ request, beginning, context, excluded, maxWait, since }: RequestState): AcquireRequest {
    return {
      id: context.id,
      model: request.model,
      // to count tokens costs none
      input: request.native?.operation
        ? 0
        : estimateInput(request) + Math.ceil(beginning.length / CHARACTERS_PER_TOKEN),
      maxOutput: request.max_tokens ?? null,
      needs: needsOf(request),
      client: context.client,
      affinity: affinityOf(request, context.client),
      signal: context.signal,
      explain: context.explain,
      exclude: excluded,
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
    return { ...asked, exclude, maxWait, waited: parts.now() - since }
  }

  /** Keys and routes that the next try does without. */
  function heed(verdict: Extract<Verdict, { again: true }>, lease: Lease, requestState: RequestState): void {
    if (verdict.exclude === 'provider') {
      const keys = providers.get(lease.provider)?.keys ?? []
      for (const { name } of keys) bar(requestState, `${lease.provider}/${lease.model}#${name}`)
    } else if (verdict.exclude === 'dead key') bar(requestState, lease.id)
    else if (verdict.exclude === 'key') exclude(requestState, lease.id)
    if (verdict.maxWait === undefined) return
    // patience counts from the arrival, and this one from now on
    const patience = parts.now() - requestState.since + verdict.maxWait
    requestState.maxWait = Math.min(requestState.maxWait ?? Infinity, patience)
  }
}
