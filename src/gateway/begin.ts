/** Sends one try, and reads until there is something to show: until then a fault can still go to another key. */
import type { Cancellation } from '../chat/cancellation.ts'
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Lease } from '../scheduler/contract.ts'
import { attempt } from '../upstream/attempt.ts'
import type { AnswerBounds } from '../upstream/answer-deltas.ts'
import type { Client, Format, Prefix, Secret, Timeouts } from '../upstream/contract.ts'
import type { MediaFetcher } from '../upstream/fetch-media.ts'
import { withPrefix } from '../upstream/prefix.ts'
import { explainsEmptiness, hasContent } from './content.ts'
import { fromDelta } from './fault.ts'
import type { Began, Ticket } from './ticket.ts'
import { createMeter } from './used.ts'

export interface GatewayProvider {
  name: string
  format: Format
  base_url: string
  headers: Record<string, string>
  keys: { name: string; secret: Secret }[]
  /** Goes before what the format says. */
  prefix?: Prefix
}

export interface Sender {
  client: Client
  media: MediaFetcher
  timeouts: Timeouts
  bounds: AnswerBounds
  /** Milliseconds, monotonic. */
  now: () => number
  /** Milliseconds since the epoch. */
  wall: () => number
}

export async function begin(
  lease: Lease,
  provider: GatewayProvider,
  secret: Secret,
  ticket: Ticket,
  sender: Sender,
  signal: Cancellation,
  onSent: () => void,
): Promise<Began> {
  const sent = sender.now()
  const passed = ticket.context.headers
  const headers = passed ? { ...passed, ...provider.headers } : provider.headers
  const answer = await attempt(
    ticket.beginning === '' ? ticket.request : begun(ticket, provider, lease.model),
    provider.format,
    { base_url: provider.base_url, model: lease.model, secret, headers },
    {
      client: sender.client,
      media: sender.media,
      timeouts: sender.timeouts,
      bounds: sender.bounds,
      signal,
      now: sender.wall,
      sent: onSent,
      observe: (signals) => lease.observe(signals),
      started: () => lease.started(sender.now() - sent),
    },
  )
  const meter = createMeter()
  const head: Delta[][] = []
  const rest = answer.deltas[Symbol.asyncIterator]()
  let explained = false
  while (true) {
    const read = await rest.next()
    if (read.done) return { answer, head, rest, meter, empty: !explained }
    meter.see(read.value)
    head.push(read.value)
    if (read.value.some(hasContent)) return { answer, head, rest, meter, empty: false }
    const fault = read.value.find((delta) => delta.error)?.error
    if (fault) {
      await rest.return?.()
      throw fromDelta(fault)
    }
    explained ||= read.value.some(explainsEmptiness)
    if (head.length > MOST_HEAD) {
      await rest.return?.()
      throw new GatewayError('bad_answer', `${provider.name} sent ${MOST_HEAD} reads without anything in them`)
    }
  }
}

/** Throws a GatewayError `unsupported` for a route that does not go on from a beginning: then nothing is sent. */
function begun(ticket: Ticket, provider: GatewayProvider, model: string): ChatRequest {
  const prefix = provider.prefix ?? provider.format.prefix(model)
  if (prefix === false) throw new GatewayError('unsupported', `${provider.name} cannot go on from a broken answer.`)
  return withPrefix(ticket.request, ticket.beginning, prefix)
}

/** Reads that may be held back while nothing is to be shown. */
const MOST_HEAD = 1000
