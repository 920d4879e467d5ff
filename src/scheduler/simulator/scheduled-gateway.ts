/** The real scheduler behind the simulator's gateway: acquires, sends, and tells the lease all that happened. */
import { GatewayError } from '../../chat/error.ts'
import type { AcquireRequest, Lease, Scheduler } from '../types.ts'
import { uniform } from './chance.ts'
import type { Policy, SimulatedRequest, Simulation } from './simulation.ts'
import { used } from './upstream.ts'

export interface GatewaySettings {
  /** The public model that all requests ask for. */
  model: string
  /** Milliseconds that a request may wait for keys. */
  patience: number
  /** Does a client that tries again tell what is left of its patience (or does each of its visits start anew)? */
  tellsPatience: boolean
  /** Tries beside the first that upstreams' refusals and faults may cost one visit. */
  retries: number
}

/** One HTTP request of a client; its SDK may make several of one request. */
interface Visit {
  arrived: number
  /** Milliseconds that it may wait. */
  patience: number
  tries: number
  /** Estimated input, tokens. */
  input: number
  exclude: Set<string>
}

interface Flight {
  lease: Lease
  sent: number
}

/** A tokenizer that is not the provider's own is wrong by this much. */
const ESTIMATE = { from: 0.95, to: 1.09 }

/** A trace tells sizes; they are no guesses. */
const CERTAIN = 0.9

export function scheduledGateway(
  simulation: Simulation,
  scheduler: Pick<Scheduler, 'acquire'>,
  settings: GatewaySettings,
): Policy {
  const { clock, chance } = simulation
  const keys = new Map(simulation.keys.map((key) => [key.id, key]))
  const flights = new Map<SimulatedRequest, Flight>()
  const visits = new Map<SimulatedRequest, Visit>()

  const policy: Policy = {
    arrive(request) {
      const input = Math.ceil(request.input * uniform(chance.random, ESTIMATE.from, ESTIMATE.to))
      const now = clock.now()
      const patience = settings.patience - (settings.tellsPatience ? now - request.at : 0)
      const visit: Visit = { arrived: now, patience, tries: 0, input, exclude: new Set() }
      visits.set(request, visit)
      acquire(request, visit)
    },
    firstByte(request, key, signals) {
      const flight = flights.get(request)
      if (flight?.lease.id !== key.id) return
      clock.touch()
      flight.lease.started(clock.now() - flight.sent)
      if (signals.length > 0) flight.lease.observe(signals)
    },
    response(request, key, answer) {
      const flight = flights.get(request)
      if (flight?.lease.id !== key.id) return
      const { lease } = flight
      flights.delete(request)
      clock.touch()
      if (answer.status === 200) {
        lease.settle(used(request))
        simulation.complete(request)
        return
      }
      lease.observe(answer.signals)
      // A limit that was met passes, and the scheduler knows when; a key that is not known stays so.
      const limited = answer.status === 429
      lease.fail({ kind: limited ? 'rate_limit' : 'authentication', retryAfter: answer.retryAfter, started: false })
      const visit = visits.get(request)
      if (visit === undefined || visit.tries > settings.retries) {
        simulation.refuse(request, answer.status, answer.retryAfter)
        return
      }
      if (!limited) visit.exclude.add(lease.id)
      acquire(request, visit)
    },
  }
  return policy

  function acquire(request: SimulatedRequest, visit: Visit): void {
    visit.tries += 1
    const ask: AcquireRequest = {
      model: settings.model,
      input: visit.input,
      least: Math.floor(visit.input * CERTAIN),
      maxOutput: request.statesMaximum ? request.maxOutput : null,
      needs: {},
      client: request.client,
      exclude: visit.exclude,
      maxWait: visit.patience,
      waited: clock.now() - visit.arrived,
    }
    clock.touch()
    scheduler.acquire(ask).then(
      (lease) => send(request, lease),
      (error: unknown) => refuse(request, error),
    )
  }

  function send(request: SimulatedRequest, lease: Lease): void {
    const key = keys.get(lease.id)
    if (key === undefined) throw new Error(`The scheduler leased ${lease.id}, which no upstream has.`)
    flights.set(request, { lease, sent: clock.now() })
    simulation.dispatch(policy, request, key)
  }

  function refuse(request: SimulatedRequest, error: unknown): void {
    if (!(error instanceof GatewayError)) throw error
    const { arrived, patience } = visits.get(request) ?? { arrived: request.at, patience: settings.patience }
    // A gateway whose queue has kept a request for all its patience tells the client not to come again.
    const spent = clock.now() >= arrived + patience - 1
    simulation.refuse(request, error.status, error.retryAfter, spent)
  }
}
