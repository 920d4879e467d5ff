/** new-api: random by weight + 10, three retries that draw again at once; a 401 disables the channel. */
import type { Peer, PeerKey } from './peer.ts'
import { drawn } from './peer.ts'

const SMOOTHING = 10

export const newApi: Peer = ({ keys, random }) => {
  const off = new Set<PeerKey>()
  return {
    retries: 3,
    pick() {
      const on = keys.filter((key) => !off.has(key))
      return on.length === 0 ? undefined : drawn(on, ({ declared }) => declared.weight + SMOOTHING, random)
    },
    failed(key, { status }) {
      if (status === 401) off.add(key)
    },
  }
}
