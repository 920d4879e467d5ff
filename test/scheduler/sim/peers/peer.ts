/** What all peers' policies have in common: pick a key, send, and on an error try again a few times. */
import type { Random } from '../../../../src/scheduler/simulator/chance.ts'
import type { Answer, Policy, SimulatedRequest, Simulation } from '../../../../src/scheduler/simulator/simulation.ts'
import type { UpstreamKey } from '../../../../src/scheduler/simulator/upstream.ts'
import type { SimKey } from '../sim-key.ts'

/** A key as a peer's configuration knows it. */
export interface PeerKey {
  readonly declared: SimKey
  readonly upstream: UpstreamKey
  inFlight: number
}

export interface PeerContext {
  simulation: Simulation
  keys: readonly PeerKey[]
  random: Random
  /** Milliseconds. */
  now: () => number
}

export interface PeerPolicy {
  /** Tries beside the first. */
  retries: number
  pick(request: SimulatedRequest): PeerKey | undefined
  /** No key was picked; `go` tries again. The default answers 503. */
  none?(request: SimulatedRequest, tries: Tries): void
  failed?(key: PeerKey, answer: Answer): void
  served?(key: PeerKey, request: SimulatedRequest): void
  firstByte?(key: PeerKey, request: SimulatedRequest): void
  sent?(key: PeerKey, request: SimulatedRequest): void
  retryable?(status: number): boolean
  /** Milliseconds before a try; `tries` counts it. */
  delay?(tries: number, answer: Answer | undefined): number
}

/** The tries of one request in one visit of its client. */
export interface Tries {
  count: number
  go(): void
}

export type Peer = (context: PeerContext) => PeerPolicy

export function runPeer(peer: Peer, simulation: Simulation, declared: readonly SimKey[]): Policy {
  const keys = simulation.keys.map((upstream, index): PeerKey => {
    const key = declared[index]
    if (key === undefined) throw new Error('A key of the simulation has no declaration.')
    return { declared: key, upstream, inFlight: 0 }
  })
  const { clock, chance } = simulation
  const policy = peer({ simulation, keys, random: chance.random, now: () => clock.now() })
  const byId = new Map(keys.map((key) => [key.upstream.id, key]))
  const visits = new Map<SimulatedRequest, Tries>()

  function go(request: SimulatedRequest, tries: Tries): void {
    if (request.over) return
    const key = policy.pick(request)
    if (key === undefined) {
      if (policy.none) policy.none(request, tries)
      else simulation.refuse(request, 503)
      return
    }
    key.inFlight += 1
    policy.sent?.(key, request)
    simulation.dispatch(adapted, request, key.upstream)
  }

  const adapted: Policy = {
    arrive(request) {
      const tries: Tries = { count: 0, go: () => go(request, tries) }
      visits.set(request, tries)
      tries.go()
    },
    firstByte(request, upstream) {
      const key = byId.get(upstream.id)
      if (key) policy.firstByte?.(key, request)
    },
    response(request, upstream, answer) {
      const key = byId.get(upstream.id)
      const tries = visits.get(request)
      if (key === undefined || tries === undefined) return
      key.inFlight -= 1
      if (answer.status === 200) {
        policy.served?.(key, request)
        simulation.complete(request)
        return
      }
      policy.failed?.(key, answer)
      const retryable = policy.retryable?.(answer.status) ?? true
      if (tries.count < policy.retries && clock.now() < request.deadline && retryable) {
        tries.count += 1
        clock.at(clock.now() + (policy.delay?.(tries.count, answer) ?? 0), tries.go)
      } else simulation.refuse(request, answer.status, answer.retryAfter)
    },
  }
  return adapted
}

/** Draws one with a chance in proportion to its weight. */
export function drawn(keys: readonly PeerKey[], weight: (key: PeerKey) => number, random: Random): PeerKey | undefined {
  let left = random() * keys.reduce((sum, key) => sum + weight(key), 0)
  for (const key of keys) {
    left -= weight(key)
    if (left < 0) return key
  }
  return keys.at(-1)
}
