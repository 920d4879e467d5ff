/** gpt-load: rotation, three retries at once; three failures blacklist a key until the hourly check, success resets none. */
import type { Peer, PeerKey } from './peer.ts'

const THRESHOLD = 3
const HOUR = 3_600_000

export const gptLoad: Peer = ({ simulation, keys, now }) => {
  const ring = [...keys]
  const failures = new Map<PeerKey, number>()
  const blacklisted = new Set<PeerKey>()
  const check = (): void => {
    for (const key of keys) {
      if (!blacklisted.has(key) || key.upstream.dead) continue
      blacklisted.delete(key)
      failures.set(key, 0)
      ring.push(key)
    }
    simulation.clock.at(now() + HOUR, check)
  }
  simulation.clock.at(HOUR, check)
  return {
    retries: 3,
    pick() {
      const key = ring.pop()
      if (key) ring.unshift(key)
      return key
    },
    failed(key, { status }) {
      // "Resource has been exhausted" is not counted there.
      if (status === 429 && key.declared.provider === 'gemini') return
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      if (count < THRESHOLD || blacklisted.has(key)) return
      blacklisted.add(key)
      ring.splice(ring.indexOf(key), 1)
    },
  }
}
