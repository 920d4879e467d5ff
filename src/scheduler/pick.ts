/** Which key takes a request now, and if none, which takes it first. */
import { homeOf, settleHome, withinShare } from './affinity.ts'
import type { Choice, Lane } from './lane.ts'
import type { Demand } from './limits/demand.ts'
import type { Pool } from './pool.ts'
import type { Waiting } from './queue/waiting.ts'
import { scopeWait } from './scope.ts'
import type { World } from './world.ts'

/** A key that has just failed this request is better than waiting longer than this for another, in milliseconds. */
const RATHER_AGAIN = 2000

export function demandOf(world: World, item: Waiting, lane: Lane): Demand {
  const known = item.lane === lane ? item.demand : item.demands?.get(lane)
  if (known) return known
  const demand = world.estimator.demand(lane.name, lane.route, item.request, item.client.name)
  setDemand(item, lane, demand)
  return demand
}

function setDemand(item: Waiting, lane: Lane, demand: Demand): void {
  if (item.lane && item.lane !== lane) {
    item.demands ??= new Map()
    item.demands.set(lane, demand)
  } else {
    item.lane = lane
    item.demand = demand
  }
}

/** The key that takes the request now, all limits of all scopes considered. */
export function pick(world: World, pool: Pool, item: Waiting, now: number): Choice | undefined {
  const { exclude } = item.request
  const choice = pickAmong(world, pool, item, exclude, now)
  if (choice || !exclude || exclude.size === 0) return choice
  const patience = Math.min(item.deadline - now, RATHER_AGAIN)
  return etaAmong(world, pool, item, exclude, now).wait > patience
    ? pickAmong(world, pool, item, undefined, now)
    : undefined
}

function pickAmong(
  world: World,
  pool: Pool,
  item: Waiting,
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  for (const { lanes, caches } of item.tiers) {
    const affinity = caches ? item.request.affinity : undefined
    const warm = affinity === undefined ? undefined : warmKey(world, pool, item, affinity, lanes, exclude, now)
    if (warm) return warm
    const best = bestOf(world, pool, item, lanes, exclude, now)
    if (best) {
      if (affinity !== undefined) settleHome(pool.homes, affinity, best, now)
      return best
    }
    if (now < item.fallbackAt && now + tierEta(world, pool, item, lanes, exclude, now).wait <= item.fallbackAt)
      return undefined
  }
  return undefined
}

/** The lowest ranks of the lanes that `bestOf` has not asked yet. One list serves all calls, as they never overlap. */
const leads: number[] = []

/** The lowest rank that admits the request. Most often that is the very first, so the other lanes are only glanced at. */
function bestOf(
  world: World,
  pool: Pool,
  item: Waiting,
  lanes: readonly Lane[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  for (let index = 0; index < lanes.length; index++) leads[index] = lanes[index]?.lead(now) ?? Number.NaN
  let best: Choice | undefined
  let rank = Infinity
  for (;;) {
    let next = -1
    for (let index = 0; index < lanes.length; index++) {
      const lead = leads[index] ?? Number.NaN
      if (Number.isNaN(lead)) continue
      if (next < 0 ? !best || lead < rank : lead < (leads[next] ?? 0)) next = index
    }
    const lane = lanes[next]
    if (!lane) return best
    leads[next] = Number.NaN
    const demand = demandOf(world, item, lane)
    if (sharedWait(pool, item, lane, demand, now) > 0) continue
    const slot = lane.best(demand, exclude, now)
    if (slot < 0 || (best && (lane.rank[slot] ?? 0) >= rank)) continue
    best = { lane, slot, warm: false }
    rank = lane.rank[slot] ?? 0
  }
}

/** The key whose cache knows the prompt, if it may take the request and is not ahead of its share. */
function warmKey(
  world: World,
  pool: Pool,
  item: Waiting,
  affinity: string,
  lanes: readonly Lane[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  const home = homeOf(pool.homes, lanes, affinity, now)
  if (!home || !withinShare(home)) return undefined
  const { lane, slot } = home
  const cold = demandOf(world, item, lane)
  const known = pool.homes.get(affinity) !== undefined
  const share = known ? world.estimator.cachedShare(lane.name, item.client.name) : 0
  const demand = share > 0 ? { ...cold, cached: Math.floor(cold.input * share) } : cold
  if (sharedWait(pool, item, lane, demand, now) > 0 || !lane.admits(slot, demand, exclude, now)) return undefined
  setDemand(item, lane, demand)
  settleHome(pool.homes, affinity, home, now)
  return { lane, slot, warm: true }
}

/** Limits that all keys of a lane have in common: the provider's, the public model's, the client's. */
function sharedWait(pool: Pool, item: Waiting, lane: Lane, demand: Demand, now: number): number {
  const wait = Math.max(lane.providerWait(demand, now), scopeWait(pool.scope, demand, now))
  return item.client.scope ? Math.max(wait, scopeWait(item.client.scope, demand, now)) : wait
}

export interface Eta {
  /** Milliseconds; Infinity when nothing but an event can help. */
  wait: number
  choice: Choice | undefined
}

/** When a request could be taken first if nobody else came, and by which key. */
export function eta(world: World, pool: Pool, item: Waiting, now: number): Eta {
  const { exclude } = item.request
  const found = etaAmong(world, pool, item, exclude, now)
  if (!exclude || exclude.size === 0 || found.wait <= Math.min(item.deadline - now, RATHER_AGAIN)) return found
  return etaAmong(world, pool, item, undefined, now)
}

function etaAmong(world: World, pool: Pool, item: Waiting, exclude: ReadonlySet<string> | undefined, now: number): Eta {
  let first: Eta = { wait: Infinity, choice: undefined }
  for (const { lanes } of item.tiers) {
    const found = tierEta(world, pool, item, lanes, exclude, now)
    // A lower tier may help only once the upper is known to be too late.
    const late = first.choice && now + first.wait <= item.fallbackAt ? item.fallbackAt - now : 0
    if (Math.max(found.wait, late) < first.wait) first = { wait: Math.max(found.wait, late), choice: found.choice }
  }
  return first
}

function tierEta(
  world: World,
  pool: Pool,
  item: Waiting,
  lanes: readonly Lane[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Eta {
  let first: Eta = { wait: Infinity, choice: undefined }
  for (const lane of lanes) {
    const demand = demandOf(world, item, lane)
    const found = lane.eta(demand, exclude, now)
    const wait = Math.max(found.wait, sharedWait(pool, item, lane, demand, now))
    if (wait < first.wait) first = { wait, choice: { lane, slot: found.slot, warm: false } }
  }
  return first
}
