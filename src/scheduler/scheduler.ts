/**
 * Which key, and when. A request asks; `pick` finds the key that is due and has room in every limit; else it waits in its
 * pool's queue until `dispatch` wakes it at the moment when a key frees, or `admission` turns it away with a true time.
 * Everything that providers say comes back through the lease: `observe`, `settle`, `fail`.
 */
import { GatewayError } from '../chat/error.ts'
import { admit, expired } from './admission.ts'
import { lack, unsupported } from './capability.ts'
import type { Clock } from './clock.ts'
import { realClock } from './clock.ts'
import type { AcquireRequest, CandidateReport, Lease, PoolSpec, ProviderSpec, SchedulerReport } from './contract.ts'
import { dispatch, leave, pump, release, releaseAfter } from './dispatch.ts'
import { explainPool } from './explain.ts'
import { createHost } from './host.ts'
import type { SchedulerOptions } from './options.ts'
import { pick } from './pick.ts'
import type { Pool } from './pool.ts'
import { servingOf } from './pool.ts'
import { poolOf, strategyOf } from './pools.ts'
import type { Waiting } from './queue/waiting.ts'
import { restore } from './memory/restore.ts'
import type { Snapshot } from './memory/snapshot.ts'
import { changesOf, snapshotOf } from './memory/snapshot.ts'
import { reportOf } from './report.ts'
import { adopt, bequeath, type Successor } from './succession.ts'
import { createWorld, followClock } from './world.ts'

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
  /** The candidates of a request as they are now. Throws as `acquire` does for what it cannot serve at all. */
  explain(request: AcquireRequest): CandidateReport[]
  /** Takes a key out of service, or puts it back, which also ends a retirement. False when there is no such key. */
  setEnabled(key: string, enabled: boolean): boolean
  /** Everything that should outlive the process. */
  snapshot(): Snapshot
  /** The part of it that changed since the last call. */
  changes(): Snapshot
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
  const world = createWorld(spec, clock, random)
  for (const { strategy } of spec.pools) strategyOf(world, strategy)
  strategyOf(world)
  let closed = false
  let heir: LiveScheduler | undefined
  const expire = (pool: Pool, item: Waiting) => expired(world, pool, item, clock.now())
  const host = createHost(world, (lease) => {
    releaseAfter(world, lease, clock.now())
    wake()
  })

  /** Keys may have room again: whoever waits longest is asked first. */
  function wake(): void {
    if (world.queued === 0) return
    const pools = [...world.pools.values()].filter(({ queue }) => queue.size > 0)
    pools.sort((a, b) => (a.queue.soonest()?.deadline ?? 0) - (b.queue.soonest()?.deadline ?? 0))
    for (const pool of pools) pump(world, host, pool, expire)
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
    followClock(world, now)
    const pool = poolOf(world, request.model)
    const item = createWaiting(pool, request, now)
    if (pool.queue.size === 0) {
      const choice = pick(world, pool, item, now)
      if (choice) {
        pool.drain.note(0, now)
        return Promise.resolve(dispatch(world, host, pool, item, choice, now))
      }
    }
    return enqueue(pool, item, now)
  }

  function createWaiting(pool: Pool, request: AcquireRequest, now: number): Waiting {
    const tiers = pool.open ?? servingOf(pool.tiers, (lane) => lack(lane.route, request) === undefined)
    if (tiers.length === 0) throw unsupported(request, pool.spec.routes)
    const arrived = now - (request.waited ?? 0)
    return {
      request,
      client: world.clients.get(request.client),
      tiers,
      lane: undefined,
      demand: undefined,
      demands: undefined,
      arrived,
      deadline: arrived + (request.maxWait ?? world.settings.max_wait),
      fallbackAt: world.settings.fallback_after > 0 && tiers.length > 1 ? arrived + world.settings.fallback_after : 0,
      notBefore: 0,
      booking: undefined,
      gone: false,
      place: -1,
      resolve: nothing,
      reject: nothing,
      unhook: nothing,
    }
  }

  function enqueue(pool: Pool, item: Waiting, now: number): Promise<Lease> {
    const { signal } = item.request
    return new Promise((resolve, reject) => {
      item.resolve = resolve
      item.reject = reject
      const abort = () => {
        leave(world, pool, item)
        reject(cancelled())
        pump(world, host, pool, expire)
      }
      signal?.addEventListener('abort', abort)
      item.unhook = () => signal?.removeEventListener('abort', abort)
      pool.queue.push(item)
      world.queued++
      pump(world, host, pool, expire)
      if (item.gone) return
      admit(world, pool, item, now)
      if (pool.queue.size === 0) pump(world, host, pool, expire)
    })
  }

  function setEnabled(name: string, enabled: boolean): boolean {
    if (heir) return heir.setEnabled(name, enabled)
    const keys = [...world.providers.values()].flatMap((provider) =>
      provider.keys.filter(({ spec }) => spec.name === name),
    )
    for (const key of keys) {
      key.disabled = !enabled
      world.touched?.keys.add(key)
      if (!enabled) continue
      key.retirement = undefined
      key.scope.until = 0
      for (const model of key.provider.models.values()) {
        const keyModel = model.keyModels.get(key.slot)
        if (keyModel) Object.assign(keyModel, { retirement: undefined, breaker: undefined })
      }
    }
    const now = clock.now()
    for (const key of keys) release(world, key, now)
    wake()
    return keys.length > 0
  }

  return {
    acquire,
    explain(request) {
      const now = clock.now()
      followClock(world, now)
      const pool = poolOf(world, request.model)
      return explainPool(world, pool, createWaiting(pool, request, now), now, Infinity)
    },
    setEnabled,
    snapshot: () => snapshotOf(world, false),
    changes: () => changesOf(world),
    restore: (snapshot) => restore(world, snapshot),
    report: () => (heir ? heir.report() : reportOf(world, clock.now())),
    adopt: (lease) => adopt(world, host, lease),
    handOver(successor) {
      heir = successor
      bequeath(world, successor)
      for (const pool of world.pools.values()) pump(world, host, pool, expire)
      host.close()
    },
    close() {
      closed = true
      for (const pool of world.pools.values()) {
        for (const item of pool.queue.everybody()) {
          leave(world, pool, item)
          item.reject(new GatewayError('shutting_down', 'The server is shutting down.'))
        }
        pump(world, host, pool, expire)
      }
      host.close()
    },
  }
}

function nothing(): void {}

function cancelled(): GatewayError {
  return new GatewayError('cancelled', 'The client left while the request was waiting for a key.')
}
