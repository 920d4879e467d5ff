/** What the scheduler does when a lease reports; takes back the leases that nobody ends. */
import { explainPool } from './explain.ts'
import { learnFirstByte } from './health/latency.ts'
import { observeSignals } from './learning/signals.ts'
import type { LeaseHost, LeaseRecord } from './lease.ts'
import { fault, succeed } from './outcome.ts'
import type { Key } from './provider.ts'
import { keyModelOf } from './provider.ts'
import type { World } from './world.ts'

/** How many candidates an explanation lists. */
const LISTED = 50

export type Host = LeaseHost & { close(): void }

/** `wake` is called when a lease ended, with the keys that may have room again. */
export function createHost(world: World, wake: (lease: LeaseRecord, keys: readonly Key[]) => void): Host {
  const { clock } = world
  let stopReaper: (() => void) | undefined

  /** One timer for all leases: they expire in the order in which they were given. */
  function watch(): void {
    const [oldest] = world.leases
    if (!oldest || stopReaper) return
    stopReaper = clock.setTimer(oldest.sent + world.settings.lease_ttl, () => {
      stopReaper = undefined
      const now = clock.now()
      for (const lease of world.leases) {
        if (lease.sent + world.settings.lease_ttl > now) break
        // Whoever held it is gone; that is no fault of the key's.
        lease.fail({ kind: 'cancelled', started: true })
      }
      watch()
    })
  }

  function unwatch(): void {
    stopReaper?.()
    stopReaper = undefined
  }

  const context = (now: number) => ({ now, toWall: world.toWall, estimator: world.estimator, random: world.random })

  function answered(lease: LeaseRecord): void {
    const key = lease.keyState
    if (key.unanswered?.delete(lease) && key.unanswered.size === 0) key.unanswered = undefined
  }

  return {
    now: () => clock.now(),
    opened: watch,
    observe(lease, signals) {
      const now = clock.now()
      const key = lease.keyState
      const scope = () => keyModelOf(lease.lane.model, key, world.toWall, now).scope
      const options = { trustHeaders: world.settings.trust_headers, toWall: world.toWall }
      if (observeSignals(lease, signals, scope, now, options)) wake(lease, sharing(lease))
    },
    started(lease, elapsed) {
      const { lane, keyState: key, demand } = lease
      answered(lease)
      key.firstSlowness = learnFirstByte(lane.model.latency, key.firstSlowness, elapsed, demand.input)
    },
    succeeded: (lease, used) => succeed(lease, used, context(clock.now())),
    failed: (lease, failure) => fault(lease, failure, context(clock.now())),
    ended(lease) {
      const key = lease.keyState
      key.inFlight--
      key.leases?.delete(lease)
      if (key.leases?.size === 0) key.leases = undefined
      answered(lease)
      world.leases.delete(lease)
      world.touched?.add(lease)
      const { pool } = lease
      const took = lease.age(clock.now())
      pool.inFlight--
      pool.duration += (pool.duration === 0 ? 1 : 0.05) * (took - pool.duration)
      if (world.leases.size === 0) unwatch()
      wake(lease, sharing(lease))
    },
    explain: (lease) => explainPool(world, lease.pool, lease.item, clock.now(), LISTED),
    close: unwatch,
  }
}

/** The keys that wait for the same limits as a lease's own. */
function sharing({ keyState: key, lane, holds }: LeaseRecord): readonly Key[] {
  const shared =
    key.account && (lane.model.accountScopes.size > 0 || holds.some(({ scope }) => scope === key.account?.scope))
  return shared && key.account ? key.account.keys : [key]
}
