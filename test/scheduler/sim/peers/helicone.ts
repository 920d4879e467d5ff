/**
 * Helicone's gateway: power of two choices by peak EWMA (decay 30 s, 250 ms at first) × in flight; a 429 removes the
 * endpoint for Retry-After (else 30 s) and 30 s more; no retry; waits while no endpoint is ready.
 */
import type { SimulatedRequest } from '../../../../src/scheduler/simulator/simulation.ts'
import type { Peer, PeerKey } from './peer.ts'

const DECAY = 30_000
const FIRST_GUESS = 250
const REMOVED = 30_000

export const helicone: Peer = ({ simulation, keys, now }) => {
  const latency = new Map(keys.map((key) => [key, { value: FIRST_GUESS, at: 0 }]))
  const back = new Map<PeerKey, number>()
  const sentAt = new Map<SimulatedRequest, number>()
  const waiting: { request: SimulatedRequest; go: () => void }[] = []
  const load = (key: PeerKey): number => {
    const { value, at } = latency.get(key) ?? { value: FIRST_GUESS, at: 0 }
    return value * Math.exp(-(now() - at) / DECAY) * (key.inFlight + 1)
  }
  const drain = (): void => {
    for (const { request, go } of waiting.splice(0)) {
      if (now() > request.deadline) simulation.refuse(request, 503, undefined, true)
      else go()
    }
  }
  return {
    retries: 0,
    pick() {
      const ready = keys.filter((key) => (back.get(key) ?? -1) <= now())
      if (ready.length < 2) return ready[0]
      const [first, second] = pair(ready, (below) => simulation.chance.below(below))
      return first && second && load(second) < load(first) ? second : first
    },
    none(request, tries) {
      waiting.push({ request, go: tries.go })
      simulation.clock.at(Math.min(...back.values()) + 1, drain)
    },
    sent: (_key, request) => void sentAt.set(request, now()),
    firstByte(key, request) {
      const observed = now() - (sentAt.get(request) ?? now())
      const { value, at } = latency.get(key) ?? { value: FIRST_GUESS, at: 0 }
      const mean = observed + (value - observed) * Math.exp(-(now() - at) / DECAY)
      latency.set(key, { value: observed > value ? observed : mean, at: now() })
    },
    failed(key, { status, retryAfter }) {
      if (status === 429) back.set(key, now() + (retryAfter ?? 30_000) + REMOVED)
    },
  }
}

/** Two different ones, at random. */
function pair<T>(items: readonly T[], below: (below: number) => number): [T | undefined, T | undefined] {
  const pool = [...items]
  const index = below(pool.length)
  const first = pool[index]
  pool[index] = pool[pool.length - 1] as T
  return [first, pool[below(pool.length - 1)]]
}
