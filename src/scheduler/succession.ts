/** What a scheduler leaves to the one that takes over: what was counted and learnt, who runs, and who waits. */
import type { Scheduler } from './contract.ts'
import { takeOver } from './accounting.ts'
import { leave, scopesOf } from './dispatch.ts'
import type { Host } from './host.ts'
import { LeaseRecord } from './lease.ts'
import { snapshotOf } from './memory/snapshot.ts'
import type { Snapshot } from './memory/snapshot.ts'
import type { Pool } from './pool.ts'
import { servingOf } from './pool.ts'
import { poolOf } from './pools.ts'
import type { World } from './world.ts'

export interface Successor extends Scheduler {
  restore(snapshot: Snapshot): void
  /** Takes over what a lease of another scheduler holds; undefined where its key does not exist here. */
  adopt(lease: LeaseRecord): LeaseRecord | undefined
}

/** In one turn of the loop: nothing is counted twice, and nothing is lost between the two. */
export function bequeath(world: World, successor: Successor): void {
  successor.restore(snapshotOf(world, true))
  for (const lease of world.leases) lease.bequeath(successor.adopt(lease))
  world.leases.clear()
  const now = world.clock.now()
  for (const pool of world.pools.values()) {
    for (const item of pool.queue.everybody()) {
      leave(world, pool, item)
      successor.acquire({ ...item.request, waited: now - item.arrived }).then(item.resolve, item.reject)
    }
  }
}

/** See `Successor`. */
export function adopt(world: World, host: Host, before: LeaseRecord): LeaseRecord | undefined {
  const now = world.clock.now()
  const pool = poolFor(world, before)
  const lane = pool?.lanes.find((each) => serves(each, before))
  const slot = lane?.provider.keys.findIndex(({ spec }) => spec.name === before.key) ?? -1
  if (!pool || !lane || slot < 0) return undefined
  const { request } = before.item
  const item = {
    ...before.item,
    client: world.clients.get(request.client),
    tiers: pool.open ?? servingOf(pool.tiers, () => true),
    lane: undefined,
    demand: undefined,
    demands: undefined,
    booking: undefined,
  }
  const choice = { lane, slot, warm: false }
  const holds = takeOver(scopesOf(world, pool, item, choice, now), before.holds, before.demand, now)
  const lease = new LeaseRecord(host, pool, item, choice, holds, before.demand, now, before)
  lease.candidates = before.candidates
  lease.refusal = before.refusal
  lease.answered = before.answered
  host.enter(lease)
  for (const each of lane.provider.lanes) each.refresh(slot, now)
  return lease
}

/** Its public model, where that still leads to the same upstream; else `provider/model`, which any key serves. */
function poolFor(world: World, before: LeaseRecord): Pool | undefined {
  if (!world.providers.has(before.provider)) return undefined
  const { model } = before.item.request
  const names = world.specs.has(model) ? [model] : []
  return [...names, `${before.provider}/${before.model}`]
    .map((name) => poolOf(world, name))
    .find(({ lanes }) => lanes.some((lane) => serves(lane, before)))
}

function serves({ provider, model }: Pool['lanes'][number], before: LeaseRecord): boolean {
  return provider.spec.name === before.provider && model.name === before.model
}
