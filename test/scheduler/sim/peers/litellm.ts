/** LiteLLM's router: two retries; a 429 or 401 cools a deployment down for Retry-After or 5 s; three ways to pick. */
import { declaredRate } from '../sim-key.ts'
import type { Peer, PeerContext, PeerKey, PeerPolicy } from './peer.ts'
import { drawn } from './peer.ts'

const RETRIES = 2
const COOL_DOWN = 5000
const MINUTE = 60_000

interface Router extends PeerPolicy {
  healthy(): PeerKey[]
  cool(key: PeerKey, milliseconds: number): void
}

function router({ simulation, keys, now }: PeerContext): Router {
  const cooled = new Map<PeerKey, number>()
  const healthy = (): PeerKey[] => keys.filter((key) => (cooled.get(key) ?? -1) <= now())
  const cool = (key: PeerKey, milliseconds: number): void => void cooled.set(key, now() + milliseconds)
  const delay = (tries: number, retryAfter: number | undefined): number => {
    if (healthy().length > 0) return 0
    return retryAfter && retryAfter <= MINUTE ? retryAfter : Math.min(500 * 2 ** tries, 8000)
  }
  return {
    retries: RETRIES,
    healthy,
    cool,
    pick: () => undefined,
    failed(key, { retryAfter }) {
      if (keys.length > 1) cool(key, retryAfter && retryAfter > 0 ? retryAfter : COOL_DOWN)
    },
    delay: (tries, answer) => delay(tries, answer?.retryAfter),
    none(request, tries) {
      if (tries.count < RETRIES) {
        tries.count += 1
        simulation.clock.at(now() + delay(tries.count, undefined), tries.go)
      } else simulation.refuse(request, 429)
    },
  }
}

/** `simple-shuffle`: weighted random. */
export const litellmShuffle: Peer = (context) => {
  const base = router(context)
  return {
    ...base,
    pick() {
      const keys = base.healthy()
      return keys.length === 0 ? undefined : drawn(keys, ({ declared }) => declared.weight, context.random)
    },
  }
}

/** `least-busy`: the fewest in flight over all, healthy or not; a random healthy one where that is cooling. */
export const litellmLeastBusy: Peer = (context) => {
  const base = router(context)
  return {
    ...base,
    pick() {
      const healthy = base.healthy()
      if (healthy.length === 0) return undefined
      const least = context.keys.reduce((best, key) => (key.inFlight < best.inFlight ? key : best))
      return healthy.includes(least) ? least : healthy[context.simulation.chance.below(healthy.length)]
    },
  }
}

/**
 * `usage-based-routing-v2`: the fewest tokens of this clock minute, which are counted when a call ends. The selector's
 * filter by requests never matches in the version that was read; requests are checked after the pick, and a local 429
 * cools the deployment.
 */
export const litellmUsage: Peer = (context) => {
  const base = router(context)
  const { simulation, now } = context
  const tokens = new Map<PeerKey, number>()
  const requests = new Map<PeerKey, number>()
  let minute = -1
  const roll = (): void => {
    const current = Math.floor(now() / MINUTE)
    if (current === minute) return
    minute = current
    tokens.clear()
    requests.clear()
  }
  return {
    ...base,
    pick(request) {
      roll()
      let least = Infinity
      let candidates: PeerKey[] = []
      for (const key of base.healthy()) {
        const used = tokens.get(key) ?? 0
        if (key.declared.tpm !== undefined && used + request.input > key.declared.tpm) continue
        if (used === least) candidates.push(key)
        else if (used < least) {
          least = used
          candidates = [key]
        }
      }
      if (candidates.length === 0) return undefined
      const key = candidates[simulation.chance.below(candidates.length)]
      if (key === undefined) return undefined
      const count = requests.get(key) ?? 0
      if (count >= declaredRate(key.declared)) {
        base.cool(key, COOL_DOWN)
        return undefined
      }
      requests.set(key, count + 1)
      return key
    },
    served(key, request) {
      roll()
      tokens.set(key, (tokens.get(key) ?? 0) + request.input + request.output)
    },
  }
}
