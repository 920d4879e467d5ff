/** An answer that breaks in its middle goes on from another key, as if nothing had happened. */
import type { Delta } from '../chat/delta.ts'
import { KINDS, type GatewayError } from '../chat/error.ts'
import type { Settlement } from '../scheduler/contract.ts'
import { asGatewayError } from './fault.ts'
import type { Reach } from './reach.ts'
import { relay, type Tell } from './relay.ts'
import { createStory } from './story.ts'
import { exclude, type Reached, type Ticket } from './ticket.ts'

export interface Resumption {
  reach: Reach
  /** How often one answer may be continued. */
  retries: number
  /** Milliseconds, monotonic. */
  now: () => number
  tell: Tell
}

export interface Resumed {
  deltas: AsyncIterable<Delta[]>
  terminated: () => boolean
}

/**
 * Text goes on from what was shown, by a route that takes a prefix. Tool calls are shown once they are whole, so that a
 * broken one is made anew. Usage is the sum of all parts, and the last chunk says how many continuations there were.
 */
export function resuming(first: Reached, ticket: Ticket, how: Resumption): Resumed {
  let current = first
  return { deltas: goOn(), terminated: () => current.began.answer.deltas.isTerminated }

  async function* goOn(): AsyncGenerator<Delta[]> {
    const story = createStory()
    const spent: Settlement[] = []
    const sum = { read: () => total(spent) }
    while (true) {
      let broken: GatewayError | undefined
      // one request is told once: not yet, when its answer may go on
      const tell: Tell = (_, error, meter) => {
        if (meter) spent.push(meter.read())
        if (error && story.canGoOn() && mayGoOn(error, ticket, how)) broken = error
        else how.tell(ticket, error, sum)
      }
      try {
        for await (const deltas of relay(current, ticket, tell)) {
          const out = story.tell(deltas)
          if (out.length > 0) yield out
        }
        const rest = [...story.end(), ...(ticket.resumed > 0 ? mark(ticket.resumed, sum.read()) : [])]
        if (rest.length > 0) yield rest
        return
      } catch (cause) {
        const rest = story.broke()
        if (rest.length > 0) yield rest
        if (!broken) throw cause
      }
      current = await another(broken, story.text(), ticket, current.lease.id, sum, how)
    }
  }
}

function mayGoOn(error: GatewayError, ticket: Ticket, how: Resumption): boolean {
  return KINDS[error.kind].retry === 'key' && ticket.resumed < how.retries
}

/** Another key for the rest. Throws the fault that broke the answer when there is none, or that the client left. */
async function another(
  broken: GatewayError,
  text: string,
  ticket: Ticket,
  brokenLease: string,
  sum: Parameters<Tell>[2],
  how: Resumption,
): Promise<Reached> {
  ticket.resumed++
  ticket.since = how.now()
  ticket.tries = 0
  exclude(ticket, brokenLease)
  ticket.beginning = text
  try {
    return await how.reach(ticket)
  } catch (cause) {
    const error = asGatewayError(cause, ticket.context.signal)
    const fault = error.kind === 'cancelled' ? error : broken
    how.tell(ticket, fault, sum)
    throw fault
  }
}

function total(spent: readonly Settlement[]): Settlement {
  const sum = (counts: (number | undefined)[]): number | undefined => {
    const known = counts.filter((count) => count !== undefined)
    return known.length === 0 ? undefined : known.reduce((all, each) => all + each, 0)
  }
  return {
    input: sum(spent.map(({ input }) => input)),
    output: sum(spent.map(({ output }) => output)),
    cached: sum(spent.map(({ cached }) => cached)),
  }
}

/** Fields that OpenAI does not know are told in the last chunk. */
function mark(resumed: number, { input, output, cached }: Settlement): Delta[] {
  return [
    { usage: { prompt_tokens: input, completion_tokens: output, cached_tokens: cached } },
    { chunk: { choices: [], balanced_call: { resumed } } },
  ]
}
