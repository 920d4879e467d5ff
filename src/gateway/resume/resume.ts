/** An answer that breaks in its middle goes on from another key, as if nothing had happened. */
import type { Delta } from '../../chat/delta.ts'
import { KINDS, type GatewayError } from '../../chat/error.ts'
import type { Settlement } from '../../scheduler/types.ts'
import { asGatewayError } from '../errors.ts'
import type { RetryLoop } from '../retry/retry-loop.ts'
import { relay, type RecordOutcome } from '../relay.ts'
import { createSentOutput } from './sent-output.ts'
import { exclude, type CommittedAnswer, type RequestState } from '../request-state.ts'

export interface Resumption {
  retryLoop: RetryLoop
  /** How often one answer may be continued. */
  retries: number
  /** Milliseconds, monotonic. */
  now: () => number
  recordOutcome: RecordOutcome
}

export interface Resumed {
  deltas: AsyncIterable<Delta[]>
  terminated: () => boolean
  cost: () => number | undefined
}

/**
 * Text goes on from what was shown, by a route that takes a prefix. Tool calls are shown once they are whole, so that a
 * broken one is made anew. Usage is the sum of all parts, and the last chunk says how many continuations there were.
 */
export function resuming(first: CommittedAnswer, requestState: RequestState, how: Resumption): Resumed {
  let current = first
  const spent: Settlement[] = []
  const sum = { read: () => total(spent) }
  return {
    deltas: goOn(),
    terminated: () => current.began.answer.deltas.isTerminated,
    cost: () => sum.read().cost,
  }

  async function* goOn(): AsyncGenerator<Delta[]> {
    const sentOutput = createSentOutput()
    while (true) {
      let broken: GatewayError | undefined
      // one request is told once: not yet, when its answer may go on
      const recordOutcome: RecordOutcome = (_, error, meter) => {
        if (meter) spent.push(meter.read())
        if (error && sentOutput.canGoOn() && mayGoOn(error, requestState, how)) broken = error
        else how.recordOutcome(requestState, error, sum)
      }
      try {
        for await (const deltas of relay(current, requestState, recordOutcome)) {
          const out = sentOutput.trim(deltas)
          if (out.length > 0) yield out
        }
        const rest = [...sentOutput.end(), ...(requestState.resumed > 0 ? mark(requestState.resumed, sum.read()) : [])]
        if (rest.length > 0) yield rest
        return
      } catch (cause) {
        const rest = sentOutput.broke()
        if (rest.length > 0) yield rest
        if (!broken) throw cause
      }
      current = await another(broken, sentOutput.text(), requestState, current.lease.id, sum, how)
    }
  }
}

function mayGoOn(error: GatewayError, requestState: RequestState, how: Resumption): boolean {
  return KINDS[error.kind].retry === 'key' && requestState.resumed < how.retries
}

/** Another key for the rest. Throws the fault that broke the answer when there is none, or that the client left. */
async function another(
  broken: GatewayError,
  text: string,
  requestState: RequestState,
  brokenLease: string,
  sum: Parameters<RecordOutcome>[2],
  how: Resumption,
): Promise<CommittedAnswer> {
  requestState.resumed++
  requestState.since = how.now()
  requestState.tries = 0
  exclude(requestState, brokenLease)
  requestState.beginning = text
  try {
    return await how.retryLoop(requestState)
  } catch (cause) {
    const error = asGatewayError(cause, requestState.context.signal)
    const fault = error.kind === 'cancelled' ? error : broken
    how.recordOutcome(requestState, fault, sum)
    throw fault
  }
}

function total(spent: readonly Settlement[]): Settlement {
  const sum = (counts: (number | undefined)[]): number | undefined => {
    const known = counts.filter((count) => count !== undefined)
    return known.length === 0 ? undefined : known.reduce((all, each) => all + each, 0)
  }
  return {
    ...spent.at(-1),
    input: sum(spent.map(({ input }) => input)),
    output: sum(spent.map(({ output }) => output)),
    cached: sum(spent.map(({ cached }) => cached)),
    cache_write: sum(spent.map(({ cache_write }) => cache_write)),
    reasoning: sum(spent.map(({ reasoning }) => reasoning)),
    cost: sum(spent.map(({ cost }) => cost)),
  }
}

/** Fields that OpenAI does not know are told in the last chunk. */
function mark(resumed: number, { input, output, cached, cost }: Settlement): Delta[] {
  return [
    { usage: { prompt_tokens: input, completion_tokens: output, cached_tokens: cached, cost } },
    { chunk: { choices: [], balanced_call: { resumed } } },
  ]
}
