/** LLM-API-BalancedCall, the ancestor: least load / weight of the last second, first on ties; no queue, no retry. */
import { declaredRate } from '../sim-key.ts'
import type { Peer, PeerKey } from './peer.ts'

export const ancestor: Peer = ({ simulation, keys, now }) => {
  const heaviest = Math.max(...keys.map((key) => key.declared.weight))
  const recent = new Map<PeerKey, number[]>(keys.map((key) => [key, []]))
  return {
    retries: 0,
    pick() {
      let best: PeerKey | undefined
      let least = Infinity
      for (const key of keys) {
        const calls = recent.get(key) ?? []
        while ((calls[0] ?? Infinity) < now() - 1000) calls.shift()
        const capacity = Math.max(1, Math.ceil(declaredRate(key.declared) / 60))
        if (calls.length >= capacity) continue
        const load = calls.length / capacity / (key.declared.weight / heaviest)
        if (load < least) [least, best] = [load, key]
      }
      if (best) recent.get(best)?.push(now())
      return best
    },
    // A RuntimeError there, which its web framework answers as a 500.
    none: (request) => simulation.refuse(request, 500),
  }
}
