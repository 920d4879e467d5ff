/** Traffic through a policy to providers that enforce their limits, event by event on the virtual clock. */
import type { LimitSignal } from '../types.ts'
import type { Chance } from './chance.ts'
import { uniform } from './chance.ts'
import type { UpstreamKey } from './upstream.ts'
import { admit, duration, finish, headersOf, refusalSignals } from './upstream.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** One request of a client, and what became of it. Times are milliseconds on the virtual clock. */
export interface SimulatedRequest {
  readonly id: number
  readonly at: number
  readonly input: number
  readonly output: number
  readonly maxOutput: number
  /** Did the client state the maximum (or must the gateway and the provider assume one)? */
  readonly statesMaximum: boolean
  readonly client: string
  readonly deadline: number
  clientRetries: number
  /** When it was sent to the key that served it. */
  sent?: number
  done?: number
  servedBy?: string
  over: boolean
  good: boolean
  /** The status that the client saw last, when not served. */
  status?: number
}

export interface Answer {
  /** 200, 401 or 429. */
  status: number
  /** Milliseconds, where the provider says. */
  retryAfter?: number
  signals: LimitSignal[]
}

/** Which key, and when: what the simulator measures. */
export interface Policy {
  arrive(request: SimulatedRequest): void
  /** The first byte of an answer; `signals` are its headers. */
  firstByte(request: SimulatedRequest, key: UpstreamKey, signals: LimitSignal[]): void
  response(request: SimulatedRequest, key: UpstreamKey, answer: Answer): void
}

export interface Counts {
  upstream: number
  refused: number
  unauthorized: number
  /** Errors that clients saw, those that their SDK then retried included. */
  visible: number
}

export interface Simulation {
  readonly clock: VirtualClock
  readonly chance: Chance
  readonly keys: readonly UpstreamKey[]
  readonly counts: Counts
  /** Sends the request to the key; the policy hears of its answer. */
  dispatch(policy: Policy, request: SimulatedRequest, key: UpstreamKey): void
  /** The whole answer is with the client. */
  complete(request: SimulatedRequest): void
  /** The client gets an error. `final`: the error tells it not to retry. */
  refuse(request: SimulatedRequest, status: number, retryAfter?: number, final?: boolean): void
  run(until: number): Promise<void>
}

export interface Fault {
  at: number
  strike(keys: readonly UpstreamKey[]): void
}

export interface Setup {
  clock: VirtualClock
  chance: Chance
  keys: readonly UpstreamKey[]
  requests: readonly SimulatedRequest[]
  /** One policy, or one per replica. */
  policies: (simulation: Simulation) => Policy[]
  faults?: readonly Fault[]
}

/** Statuses that OpenAI's SDKs retry, twice, after `Retry-After` up to a minute or else with back-off. */
const RETRIED = new Set([408, 409, 429, 500, 502, 503])
const CLIENT_RETRIES = 2
const LONGEST_RETRY_AFTER = 60_000
/** One way between gateway and provider, milliseconds. */
const NEAREST = 20
const FARTHEST = 80
/** A refusal's time inside the provider. */
const REFUSAL = 30

export function createSimulation({ clock, chance, keys, requests, policies, faults = [] }: Setup): Simulation {
  const { random } = chance
  const counts: Counts = { upstream: 0, refused: 0, unauthorized: 0, visible: 0 }
  const wire = (): number => uniform(random, NEAREST, FARTHEST)

  const simulation: Simulation = {
    clock,
    chance,
    keys,
    counts,
    dispatch(policy, request, key) {
      counts.upstream += 1
      const sent = clock.now()
      clock.at(sent + wire(), () => reach(policy, request, key, sent))
    },
    complete(request) {
      request.over = true
      request.good = (request.done ?? Infinity) <= request.deadline
    },
    refuse(request, status, retryAfter, final = false) {
      counts.visible += 1
      request.status = status
      if (!final && request.clientRetries < CLIENT_RETRIES && RETRIED.has(status)) {
        const again = clock.now() + (obeyed(retryAfter) ?? backOff(request.clientRetries))
        if (again < request.deadline) {
          request.clientRetries += 1
          clock.at(again, () => submit(request))
          return
        }
      }
      request.over = true
    },
    run: (until) => clock.run(until),
  }
  const gateways = policies(simulation)
  for (const request of requests) clock.at(request.at, () => submit(request))
  for (const fault of faults) clock.at(fault.at, () => fault.strike(keys))
  return simulation

  function submit(request: SimulatedRequest): void {
    if (request.over) return
    const replica = gateways.length === 1 ? 0 : chance.below(gateways.length)
    gateways[replica]?.arrive(request)
  }

  function backOff(retries: number): number {
    return Math.min(500 * 2 ** retries, 8000) * (1 - 0.25 * random())
  }

  function reach(policy: Policy, request: SimulatedRequest, key: UpstreamKey, sent: number): void {
    const now = clock.now()
    const back = wire()
    if (key.dead) {
      counts.unauthorized += 1
      clock.at(now + back + REFUSAL, () => policy.response(request, key, { status: 401, signals: [] }))
      return
    }
    const admission = admit(key, request, now)
    if ('limit' in admission) {
      counts.refused += 1
      key.refused += 1
      const answer: Answer = { status: 429, signals: refusalSignals(key, admission) }
      if (key.retryAfter) answer.retryAfter = admission.wait
      clock.at(now + back + REFUSAL, () => policy.response(request, key, answer))
      return
    }
    key.served += 1
    request.sent = sent
    const time = duration(key, request, random)
    const signals = headersOf(key, now)
    clock.at(now + key.firstByte * key.slowness + back, () => policy.firstByte(request, key, signals))
    clock.at(now + time, () => {
      const end = clock.now()
      finish(key, request, admission, end)
      request.done = end
      request.servedBy = key.id
      clock.at(end + back, () => policy.response(request, key, { status: 200, signals: [] }))
    })
  }
}

function obeyed(retryAfter: number | undefined): number | undefined {
  return retryAfter !== undefined && retryAfter <= LONGEST_RETRY_AFTER ? retryAfter : undefined
}
