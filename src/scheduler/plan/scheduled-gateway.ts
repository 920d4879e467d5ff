/** The real scheduler behind the simulator's gateway: acquires, sends, and tells the lease all that happened. */
import { GatewayError } from '../../chat/error.ts'
import type { AcquireRequest, Lease, Scheduler } from '../contract.ts'
import { uniform } from './chance.ts'
import type { Policy, SimulatedRequest, Simulation } from './simulation.ts'
import { used } from './upstream.ts'

export interface GatewaySettings {
  /** The public model that all requests ask for. */
  model: string
  /** Milliseconds that a request may wait in all, its client's retries included. */
  patience: number
  /** Tries beside the first that a fault of an upstream may cost; refused for a limit, a request waits again instead. */
  retries: number
}

interface Flight {
  lease: Lease
  sent: number
}

/** A tokenizer that is not the provider's own is wrong by this much. */
const ESTIMATE = { from: 0.95, to: 1.09 }

export function scheduledGateway(simulation: Simulation, scheduler: Scheduler, settings: GatewaySettings): Policy {
  const { clock, chance } = simulation
  const keys = new Map(simulation.keys.map((key) => [key.id, key]))
  const flights = new Map<SimulatedRequest, Flight>()
  const faults = new Map<SimulatedRequest, Set<string>>()

  const policy: Policy = {
    arrive(request) {
      faults.delete(request)
      acquire(request, Math.ceil(request.input * uniform(chance.random, ESTIMATE.from, ESTIMATE.to)))
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
      if (answer.status === 429) {
        lease.fail({ kind: 'rate_limit', retryAfter: answer.retryAfter, started: false })
        acquire(request, request.input)
        return
      }
      lease.fail({ kind: 'authentication', started: false })
      const failed = faults.get(request) ?? new Set<string>()
      failed.add(lease.id)
      faults.set(request, failed)
      if (failed.size <= settings.retries) acquire(request, request.input)
      else simulation.refuse(request, answer.status)
    },
  }
  return policy

  function acquire(request: SimulatedRequest, input: number): void {
    const ask: AcquireRequest = {
      model: settings.model,
      input,
      maxOutput: request.statesMaximum ? request.maxOutput : null,
      needs: {},
      client: request.client,
      exclude: faults.get(request),
      maxWait: settings.patience,
      waited: clock.now() - request.at,
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
    const spent = clock.now() >= request.at + settings.patience - 1
    simulation.refuse(request, error.status, error.retryAfter, spent)
  }
}
