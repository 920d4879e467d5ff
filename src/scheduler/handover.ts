/** What a scheduler leaves to the one that takes over: what was counted and learnt, who runs, and who waits. */
import type { Scheduler } from './types.ts'
import { takeOver } from './lease/accounting.ts'
import { leave, scopesOf } from './queue/dispatch.ts'
import type { LeaseRegistry } from './lease/lease-registry.ts'
import { LeaseRecord } from './lease/lease.ts'
import { snapshotOf } from './persistence/snapshot.ts'
import type { Snapshot } from './persistence/snapshot.ts'
import type { Pool } from './topology/pool.ts'
import { servingOf } from './topology/pool.ts'
import { poolOf } from './topology/pool-directory.ts'
import type { RetryPromises } from './queue/retry-after.ts'
import type { SchedulerState } from './state.ts'

export interface Successor extends Scheduler {
  restore(snapshot: Snapshot): void
  /** Takes over what a lease of another scheduler holds; undefined where its key does not exist here. */
  adopt(lease: LeaseRecord): LeaseRecord | undefined
  /** Keeps what another scheduler has promised to those who ask for a model. */
  keep(model: string, promises: RetryPromises): void
}

/** In one turn of the loop: nothing is counted twice, and nothing is lost between the two. */
export function handOver(schedulerState: SchedulerState, successor: Successor): void {
  successor.restore(snapshotOf(schedulerState, true))
  for (const lease of schedulerState.leases) lease.handOver(successor.adopt(lease))
  schedulerState.leases.clear()
  const now = schedulerState.clock.now()
  for (const pool of schedulerState.pools.values()) {
    successor.keep(pool.spec.model, pool.promises)
    for (const item of pool.queue.everybody()) {
      leave(schedulerState, pool, item)
      successor.acquire({ ...item.request, waited: now - item.arrived }).then(item.resolve, item.reject)
    }
  }
}

/** See `Successor`. */
export function adopt(
  schedulerState: SchedulerState,
  registry: LeaseRegistry,
  before: LeaseRecord,
): LeaseRecord | undefined {
  const now = schedulerState.clock.now()
  const pool = poolFor(schedulerState, before)
  const keyGroup = pool?.keyGroups.find((each) => serves(each, before))
  const slot = keyGroup?.provider.keys.findIndex(({ spec }) => spec.name === before.key) ?? -1
  if (!pool || !keyGroup || slot < 0) return undefined
  const { request } = before.item
  const item = {
    ...before.item,
    client: schedulerState.clients.get(request.client),
    tiers: pool.open ?? servingOf(pool.tiers, () => true, pool.isAffine),
    keyGroup: undefined,
    demand: undefined,
    demands: undefined,
    booking: undefined,
  }
  const choice = { keyGroup, slot, warm: false }
  const holds = takeOver(scopesOf(schedulerState, pool, item, choice, now), before.holds, before.demand, now)
  const lease = new LeaseRecord(registry, pool, item, choice, holds, before.demand, now, before)
  lease.candidates = before.candidates
  lease.refusal = before.refusal
  lease.answered = before.answered
  registry.enter(lease)
  for (const each of keyGroup.provider.keyGroups) each.refresh(slot, now)
  return lease
}

/** Its public model, where that still leads to the same upstream; else `provider/model`, which any key serves. */
function poolFor(schedulerState: SchedulerState, before: LeaseRecord): Pool | undefined {
  if (!schedulerState.providers.has(before.provider)) return undefined
  const { model } = before.item.request
  const names = schedulerState.specs.has(model) ? [model] : []
  return [...names, `${before.provider}/${before.model}`]
    .map((name) => poolOf(schedulerState, name))
    .find(({ keyGroups }) => keyGroups.some((keyGroup) => serves(keyGroup, before)))
}

function serves({ provider, model }: Pool['keyGroups'][number], before: LeaseRecord): boolean {
  return provider.spec.name === before.provider && model.name === before.model
}
