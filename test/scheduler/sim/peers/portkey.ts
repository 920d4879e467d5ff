/** Portkey: weighted random; three retries after 1, 2 and 4 s stay on the chosen target, Retry-After is not followed. */
import type { SimulatedRequest } from '../../../../src/scheduler/simulator/simulation.ts'
import type { Peer, PeerKey } from './peer.ts'
import { drawn } from './peer.ts'

const RETRIED = new Set([429, 500, 502, 503, 504])

export const portkey: Peer = ({ keys, random }) => {
  const chosen = new Map<SimulatedRequest, { key: PeerKey | undefined; visit: number }>()
  return {
    retries: 3,
    pick(request) {
      const before = chosen.get(request)
      if (before?.visit === request.clientRetries) return before.key
      const key = drawn(keys, ({ declared }) => declared.weight, random)
      chosen.set(request, { key, visit: request.clientRetries })
      return key
    },
    retryable: (status) => RETRIED.has(status),
    delay: (tries) => 1000 * 2 ** (tries - 1),
  }
}
