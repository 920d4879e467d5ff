/** What the scheduler does when a lease reports; takes back the leases that nobody ends. */
import { LinkedList } from '../structures/linked-list.ts'
import { reportCandidates } from '../candidate-report.ts'
import { learnFirstByte } from '../health/latency.ts'
import { observeSignals } from '../limit-learning/signals.ts'
import { GivenUp } from './given-up.ts'
import type { LeaseObserver, LeaseRecord } from './lease.ts'
import { accepted, fault, isTrial, succeed } from './outcome.ts'
import type { SchedulerState } from '../state.ts'

/** How many candidates an explanation lists. */
const LISTED = 50

export interface LeaseRegistry extends LeaseObserver {
  /** From now on the lease is under way. */
  enter(lease: LeaseRecord): void
  close(): void
}

/** `wake` is called when a key may have room again after a lease of it. */
export function createLeaseRegistry(schedulerState: SchedulerState, wake: (lease: LeaseRecord) => void): LeaseRegistry {
  const { clock } = schedulerState
  const learning = { trustHeaders: schedulerState.settings.trust_headers, toWall: schedulerState.toWall }
  const givenUp = new GivenUp()
  let stopReaper: (() => void) | undefined

  /**
   * One timer for all leases: they expire in the order in which they were given, or found alive. It goes on while none is under way, as
   * the next one comes soon; whoever holds a lease has a socket, so the timer alone keeps no process alive.
   */
  function watch(): void {
    if (stopReaper) return
    const oldest = schedulerState.leases.first?.item
    if (!oldest) return
    stopReaper = clock.setTimer(
      oldest.kept + schedulerState.settings.lease_ttl,
      () => {
        stopReaper = undefined
        const now = clock.now()
        const { lease_ttl } = schedulerState.settings
        let first = schedulerState.leases.first?.item
        while (first && first.kept + lease_ttl <= now) {
          if (first.heard + lease_ttl > now) {
            first.kept = now
            schedulerState.leases.renew(first.amongAll)
          } else {
            first.giveUp()
            givenUp.add(first)
          }
          first = schedulerState.leases.first?.item
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

  function enter(lease: LeaseRecord): void {
    const key = lease.keyState
    key.inFlight++
    key.provider.inFlight++
    key.leases ??= new LinkedList()
    key.leases.push(lease.amongKey)
    if (!lease.answered) key.unanswered ??= lease.amongKey
    schedulerState.leases.push(lease.amongAll)
    schedulerState.changes?.add(lease)
    lease.pool.inFlight++
    watch()
  }

  return {
    now: () => clock.now(),
    enter,
    observe(lease, signals) {
      if (lease.keyGroup.provider.spec.staged) return
      if (observeSignals(lease, signals, clock.now(), learning)) wake(lease)
    },
    started(lease, elapsed) {
      const { keyGroup, keyState: key, demand } = lease
      answered(lease)
      if (accepted(schedulerState, lease, clock.now())) wake(lease)
      key.firstSlowness = learnFirstByte(keyGroup.model.latency, key.firstSlowness, elapsed, demand.input)
    },
    succeeded: (lease, used, now) => succeed(schedulerState, lease, used, now),
    failed(lease, failure, now) {
      // before it is learnt from
      schedulerState.settings.faulted(lease.provider, failure.kind, isTrial(lease))
      fault(schedulerState, lease, failure, now)
      const running = givenUp.stillRunning(lease)
      if (!running) return
      running.resume(now)
      enter(running)
    },
    ended(lease, now) {
      const { pool } = lease
      leave(lease)
      const took = lease.age(now)
      pool.duration += (pool.duration === 0 ? 1 : 0.05) * (took - pool.duration)
      wake(lease)
    },
    withdrawn(lease) {
      fault(schedulerState, lease, { kind: 'cancelled', started: false }, clock.now())
      leave(lease)
      lease.pool.served--
    },
    explain: (lease) => reportCandidates(schedulerState, lease.pool, lease.item, clock.now(), LISTED),
    close: unwatch,
  }

  function leave(lease: LeaseRecord): void {
    const { pool, keyState: key } = lease
    answered(lease)
    key.inFlight--
    key.provider.inFlight--
    key.leases?.remove(lease.amongKey)
    schedulerState.leases.remove(lease.amongAll)
    schedulerState.changes?.add(lease)
    pool.inFlight--
  }
}

/** Its first byte has come, or never will: the key's oldest that still waits for one is looked for behind it. */
function answered(lease: LeaseRecord): void {
  lease.answered = true
  const key = lease.keyState
  while (key.unanswered?.item.answered) key.unanswered = key.unanswered.after
}
