/**
 * Which key, and when. A request asks; `pick` finds the key that is due and has room in every limit; else it waits in its
 * pool's queue until `dispatch` wakes it at the moment when a key frees, or `admission` turns it away with a true time.
 * Everything that providers say comes back through the lease: `observe`, `settle`, `fail`.
 */
import { GatewayError } from '../chat/error.ts'
import { adjustKeys } from './adjust-key.ts'
import { admit, expired, giveUp, recognise } from './queue/admission.ts'
import { createWaiting } from './queue/create-waiting.ts'
import type { Clock } from './clock.ts'
import { realClock } from './clock.ts'
import type {
  AcquireRequest,
  CandidateReport,
  KeyChange,
  Lease,
  PoolSpec,
  ProviderSpec,
  SchedulerReport,
  UnsentLease,
  WaitingReport,
} from './types.ts'
import { dispatch, fallBack, leave, pump, release, releaseAfter } from './queue/dispatch.ts'
import { reportCandidates } from './candidate-report.ts'
import type { LeaseRecord } from './lease/lease.ts'
import { createLeaseRegistry } from './lease/lease-registry.ts'
import type { SchedulerOptions } from './options.ts'
import { others, type Other } from './select/others.ts'
import { isAmple, isBound } from './queue/ample.ts'
import { pick } from './select/pick.ts'
import type { Pool } from './topology/pool.ts'
import { poolOf, serves, strategyOf } from './topology/pool-directory.ts'
import type { Waiting } from './queue/waiting.ts'
import { restore } from './persistence/restore.ts'
import { clientLimitsOf, type ClientLimit } from './persistence/scope-address.ts'
import type { Snapshot } from './persistence/snapshot.ts'
import { changesOf, snapshotOf } from './persistence/snapshot.ts'
import { experienceOf, takeExperience, type Experience } from './persistence/experience.ts'
import { heed, knowledgeOf, type Knowledge } from './persistence/knowledge.ts'
import { waitingReport } from './queue-report.ts'
import { reportOf } from './report.ts'
import { adopt, handOver, type Successor } from './handover.ts'
import { followClock } from './follow-clock.ts'
import { createSchedulerState } from './state.ts'

export type { Clock } from './clock.ts'
export type { ClientSpec, SchedulerOptions } from './options.ts'

export interface SchedulerSpec {
  providers: ProviderSpec[]
  pools: PoolSpec[]
  options: SchedulerOptions
}

/** The scheduler with what its operator may ask of it. */
export interface LiveScheduler extends Successor {
  report(): SchedulerReport
  waiting(most: number): WaitingReport[]
  /** The candidates of a request as they are now. Throws as `acquire` does for what it cannot serve at all. */
  explain(request: AcquireRequest): CandidateReport[]
  /** False when there is no such key. */
  adjustKey(key: string, change: KeyChange): boolean
  /** Everything that should outlive the process. */
  snapshot(): Snapshot
  /** Windows that a lease touches were changed from outside: whoever waits for them is looked at again. */
  corrected(lease: LeaseRecord): void
  /** Other keys that could take the request of a lease now, the best first. */
  others(lease: LeaseRecord, count: number): Other[]
  /** The same request with another key: the lease ends unsent. */
  exchange(lease: LeaseRecord, other: Other): LeaseRecord
  /** What is known of all that a lease touches, its windows aside. */
  knowledgeOf(lease: LeaseRecord): Knowledge
  /** What another replica knows of the same. */
  heed(knowledge: Knowledge): void
  /** What a request that has ended taught: homes of prompts, and what models use. */
  experienceOf(lease: LeaseRecord): Experience
  /** What another replica tells of the same. */
  takeExperience(told: Experience): void
  /** The part of it that changed since the last call. */
  changes(): Snapshot
  /** Limits of clients and of their groups. */
  clientLimits(): ClientLimit[]
  /** Windows of clients were changed from outside: whoever waits is looked at again. */
  rouse(): void
  /**
   * Another takes over: what was counted and learnt, the leases that run, and the requests that wait go on in it, and
   * whoever still asks this one is asking that one.
   */
  handOver(successor: LiveScheduler): void
}

/**
 * Makes the scheduler of one process; tests and plans give `clock` and `random`. Throws a RangeError for a strategy that
 * does not exist.
 */
export function createScheduler(
  spec: SchedulerSpec,
  clock: Clock = realClock,
  random: () => number = Math.random,
): LiveScheduler {
  const schedulerState = createSchedulerState(spec, clock, random)
  for (const { strategy } of spec.pools) strategyOf(schedulerState, strategy)
  strategyOf(schedulerState)
  let closed = false
  let heir: LiveScheduler | undefined
  const expire = (pool: Pool, item: Waiting) => expired(schedulerState, pool, item, clock.now())
  const registry = createLeaseRegistry(schedulerState, (lease) => {
    releaseAfter(schedulerState, lease, clock.now())
    wake()
    if (schedulerState.queued > 0 && isRetired(lease))
      for (const pool of schedulerState.pools.values()) giveUp(schedulerState, pool, clock.now())
  })

  /** Keys may have room again: whoever waits longest is asked first. */
  function wake(): void {
    if (schedulerState.queued === 0) return
    const pools = [...schedulerState.pools.values()].filter(({ queue }) => queue.size > 0)
    pools.sort((a, b) => (a.queue.soonest()?.deadline ?? 0) - (b.queue.soonest()?.deadline ?? 0))
    for (const pool of pools) pump(schedulerState, registry, pool, expire)
  }

  /** No async function: that would make objects of its own for a request which need not wait. */
  function acquire(request: AcquireRequest): Promise<Lease> {
    try {
      return heir ? heir.acquire(request) : give(request)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  function give(request: AcquireRequest): Promise<Lease> {
    if (closed) throw new GatewayError('shutting_down', 'The server is shutting down.')
    if (request.signal?.aborted) throw cancelled()
    const now = clock.now()
    followClock(schedulerState, now)
    const pool = poolOf(schedulerState, request.model)
    const item = createWaiting(schedulerState, pool, request, now)
    recognise(schedulerState, pool, item, now)
    if (pool.queue.size === 0) {
      const choice = pick(schedulerState, pool, item, now)
      if (choice) {
        pool.drainRate.note(0, now)
        return Promise.resolve(dispatch(schedulerState, registry, pool, item, choice, now))
      }
    }
    return enqueue(pool, item, now)
  }

  function ahead(request: AcquireRequest, count: number): UnsentLease[] {
    if (heir) return heir.ahead?.(request, count) ?? []
    const given: UnsentLease[] = []
    const now = clock.now()
    const pool = poolOf(schedulerState, request.model)
    if (closed || pool.queue.size > 0) return given
    while (given.length < count) {
      const item = createWaiting(schedulerState, pool, request, now)
      if (isBound(item)) break
      const choice = pick(schedulerState, pool, item, now)
      if (!choice || !isAmple(schedulerState, pool, item, choice, now)) break
      given.push(dispatch(schedulerState, registry, pool, item, choice, now))
    }
    return given
  }

  function enqueue(pool: Pool, item: Waiting, now: number): Promise<Lease> {
    const { signal } = item.request
    return new Promise((resolve, reject) => {
      item.resolve = resolve
      item.reject = reject
      const abort = () => {
        leave(schedulerState, pool, item)
        reject(cancelled())
        pump(schedulerState, registry, pool, expire)
      }
      signal?.addEventListener('abort', abort)
      item.unhook = () => signal?.removeEventListener('abort', abort)
      pool.queue.push(item)
      schedulerState.queued++
      pump(schedulerState, registry, pool, expire)
      if (item.gone) return
      admit(schedulerState, pool, item, now, (each) => fallBack(schedulerState, registry, pool, each, now))
      if (pool.queue.size === 0 || item.notBefore === 0) pump(schedulerState, registry, pool, expire)
    })
  }

  function adjustKey(name: string, change: KeyChange): boolean {
    if (heir) return heir.adjustKey(name, change)
    const keys = adjustKeys(schedulerState, name, change)
    const now = clock.now()
    for (const key of keys) release(schedulerState, key, now)
    wake()
    return keys.length > 0
  }

  return {
    acquire,
    ahead,
    explain(request) {
      const now = clock.now()
      followClock(schedulerState, now)
      const pool = poolOf(schedulerState, request.model)
      return reportCandidates(schedulerState, pool, createWaiting(schedulerState, pool, request, now), now, Infinity)
    },
    adjustKey,
    snapshot: () => snapshotOf(schedulerState, false),
    corrected(lease) {
      if (heir) return heir.corrected(lease)
      releaseAfter(schedulerState, lease, clock.now())
      wake()
    },
    others: (lease, count) => (heir ? [] : others(schedulerState, lease, count, clock.now())),
    exchange(lease, { choice }) {
      lease.withdraw()
      return dispatch(schedulerState, registry, lease.pool, lease.item, choice, clock.now())
    },
    knowledgeOf: (lease) => (heir ? heir.knowledgeOf(lease) : knowledgeOf(schedulerState, lease)),
    heed(knowledge) {
      if (heir) return heir.heed(knowledge)
      heed(schedulerState, knowledge)
      wake()
    },
    experienceOf,
    takeExperience(told) {
      if (heir) return heir.takeExperience(told)
      takeExperience(schedulerState, told, clock.now())
    },
    changes: () => changesOf(schedulerState),
    clientLimits: () => clientLimitsOf(schedulerState),
    rouse() {
      if (heir) return heir.rouse()
      for (const pool of schedulerState.pools.values()) for (const item of pool.blocked) item.notBefore = 0
      wake()
    },
    restore: (snapshot) => restore(schedulerState, snapshot),
    report: () => (heir ? heir.report() : reportOf(schedulerState, clock.now())),
    waiting: (most) => (heir ? heir.waiting(most) : waitingReport(schedulerState, clock.now(), most)),
    adopt: (lease) => adopt(schedulerState, registry, lease),
    keep(model, promises) {
      if (promises.size > 0 && serves(schedulerState, model)) poolOf(schedulerState, model).promises = promises
    },
    handOver(successor) {
      heir = successor
      handOver(schedulerState, successor)
      for (const pool of schedulerState.pools.values()) pump(schedulerState, registry, pool, expire)
      registry.close()
    },
    close() {
      closed = true
      for (const pool of schedulerState.pools.values()) {
        for (const item of pool.queue.everybody()) {
          leave(schedulerState, pool, item)
          item.reject(new GatewayError('shutting_down', 'The server is shutting down.'))
        }
        pump(schedulerState, registry, pool, expire)
      }
      registry.close()
    },
  }
}

function isRetired({ keyState, keyGroup, slot }: LeaseRecord): boolean {
  return (keyState.retirement ?? keyGroup.model.keyModels.get(slot)?.retirement) !== undefined
}

function cancelled(): GatewayError {
  return new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
}
