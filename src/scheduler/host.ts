/** What the scheduler does when a lease reports; takes back the leases that nobody ends. */
import { Chain } from './chain.ts'
import { explainPool } from './explain.ts'
import { learnFirstByte } from './health/latency.ts'
import { observeSignals } from './learning/signals.ts'
import type { LeaseHost, LeaseRecord } from './lease.ts'
import { fault, succeed } from './outcome.ts'
import type { World } from './world.ts'

/** How many candidates an explanation lists. */
const LISTED = 50

export interface Host extends LeaseHost {
  /** From now on the lease is under way. */
  enter(lease: LeaseRecord): void
  close(): void
}

/** `wake` is called when a key may have room again after a lease of it. */
export function createHost(world: World, wake: (lease: LeaseRecord) => void): Host {
  const { clock } = world
  const learning = { trustHeaders: world.settings.trust_headers, toWall: world.toWall }
  let stopReaper: (() => void) | undefined

  /**
   * One timer for all leases: they expire in the order in which they were given. It goes on while none is under way, as
   * the next one comes soon; whoever holds a lease has a socket, so the timer alone keeps no process alive.
   */
  function watch(): void {
    if (stopReaper) return
    const oldest = world.leases.first?.item
    if (!oldest) return
    stopReaper = clock.setTimer(
      oldest.sent + world.settings.lease_ttl,
      () => {
        stopReaper = undefined
        const now = clock.now()
        for (const lease of world.leases) {
          if (lease.sent + world.settings.lease_ttl > now) break
          // Whoever held it is gone; that is no fault of the key's.
          lease.fail({ kind: 'cancelled', started: true })
        }
        watch()
      },
      false,
    )
  }

  function unwatch(): void {
    stopReaper?.()
    stopReaper = undefined
  }

  return {
    now: () => clock.now(),
    enter(lease) {
      const key = lease.keyState
      key.inFlight++
      key.leases ??= new Chain()
      key.leases.push(lease.amongKey)
      if (!lease.answered) key.unanswered ??= lease.amongKey
      world.leases.push(lease.amongAll)
      world.touched?.add(lease)
      lease.pool.inFlight++
      watch()
    },
    observe(lease, signals) {
      if (observeSignals(lease, signals, clock.now(), learning)) wake(lease)
    },
    started(lease, elapsed) {
      const { lane, keyState: key, demand } = lease
      answered(lease)
      key.firstSlowness = learnFirstByte(lane.model.latency, key.firstSlowness, elapsed, demand.input)
    },
    succeeded: (lease, used, now) => succeed(world, lease, used, now),
    failed: (lease, failure, now) => fault(world, lease, failure, now),
    ended(lease, now) {
      const { pool, keyState: key } = lease
      answered(lease)
      key.inFlight--
      key.leases?.remove(lease.amongKey)
      world.leases.remove(lease.amongAll)
      world.touched?.add(lease)
      const took = lease.age(now)
      pool.inFlight--
      pool.duration += (pool.duration === 0 ? 1 : 0.05) * (took - pool.duration)
      wake(lease)
    },
    explain: (lease) => explainPool(world, lease.pool, lease.item, clock.now(), LISTED),
    close: unwatch,
  }
}

/** Its first byte has come, or never will: the key's oldest that still waits for one is looked for behind it. */
function answered(lease: LeaseRecord): void {
  lease.answered = true
  const key = lease.keyState
  while (key.unanswered?.item.answered) key.unanswered = key.unanswered.after
}
