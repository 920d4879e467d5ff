/** Sends one try, and reads until there is something to show: until then a fault can still go to another key. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import type { Lease } from '../scheduler/contract.ts'
import { attempt } from '../upstream/attempt.ts'
import type { Client, Format, Secret, Timeouts } from '../upstream/contract.ts'
import { explainsEmptiness, hasContent, isFinish } from './content.ts'
import { fromDelta } from './fault.ts'
import type { Began, Ticket } from './ticket.ts'
import { createMeter } from './used.ts'

export interface GatewayProvider {
  name: string
  format: Format
  base_url: string
  headers: Record<string, string>
  keys: { name: string; secret: Secret }[]
}

export interface Sender {
  client: Client
  timeouts: Timeouts
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
): Promise<Began> {
  const sent = sender.now()
  const answer = await attempt(
    ticket.request,
    provider.format,
    { base_url: provider.base_url, model: lease.model, secret, headers: provider.headers },
    {
      client: sender.client,
      timeouts: sender.timeouts,
      signal: ticket.context.signal,
      now: sender.wall,
      observe: (signals) => lease.observe(signals),
      started: () => lease.started(sender.now() - sent),
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
    if (read.value.some(hasContent)) {
      ticket.first = sender.now() - ticket.arrived
      return { answer, head, rest, meter, empty: false, finished }
    }
    const fault = read.value.find((delta) => delta.error)?.error
    if (fault) {
      await rest.return?.()
      throw fromDelta(fault)
    }
    explained ||= read.value.some(explainsEmptiness)
    finished ||= read.value.some(isFinish)
    if (head.length > MOST_HEAD) {
      await rest.return?.()
      throw new GatewayError('bad_answer', `${provider.name} sent ${MOST_HEAD} reads without anything in them`)
    }
  }
}

/** Reads that may be held back while nothing is to be shown. */
const MOST_HEAD = 1000
