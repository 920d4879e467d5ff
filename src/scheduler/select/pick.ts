/** Which key takes a request now, and if none, which takes it first. */
import { clientWait } from '../topology/clients.ts'
import { firstHome, isAtLeisure, isLoyal, knownHomes, settleHome, withinShare } from './affinity.ts'
import type { Choice, KeyGroup } from '../topology/key-group.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { Pool } from '../topology/pool.ts'
import type { Waiting } from '../queue/waiting.ts'
import { UNTIL_EVENT } from '../limits/window.ts'
import { idleKey } from './idle-key.ts'
import { scopeWait } from '../topology/limit-scope.ts'
import type { SchedulerState } from '../state.ts'

/** A key that has just failed this request is better than waiting longer than this for another, in milliseconds. */
const RATHER_AGAIN = 2000
/** Parts of what a request may cost beyond the least. */
const LESS_CAUTION = [0.7, 0.5, 0.3, 0.15, 0]

export function demandOf(schedulerState: SchedulerState, item: Waiting, keyGroup: KeyGroup): Demand {
  const known = item.keyGroup === keyGroup ? item.demand : item.demands?.get(keyGroup)
  if (known) return known
  const demand = schedulerState.estimator.demand(
    keyGroup.name,
    keyGroup.route,
    item.request,
    item.client.name,
    item.caution,
    keyGroup.provider.spec.assumes_output,
    keyGroup.route.price ?? schedulerState.settings.priceOf(keyGroup.provider.spec.name, keyGroup.model.name),
  )
  setDemand(item, keyGroup, demand)
  return demand
}

/** What it costs is to be thought over. */
export function forgetDemands(item: Waiting): void {
  item.keyGroup = undefined
  item.demand = undefined
  item.demands = undefined
}

function setDemand(item: Waiting, keyGroup: KeyGroup, demand: Demand): void {
  if (item.keyGroup && item.keyGroup !== keyGroup) {
    item.demands ??= new Map()
    item.demands.set(keyGroup, demand)
  } else {
    item.keyGroup = keyGroup
    item.demand = demand
  }
}

/** The key that takes the request now, all limits of all scopes considered. */
export function pick(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): Choice | undefined {
  const { exclude } = item.request
  const choice = pickAmong(schedulerState, pool, item, exclude, now)
  if (choice || !exclude || exclude.size === 0) return choice
  const patience = Math.min(item.deadline - now, RATHER_AGAIN)
  return etaAmong(schedulerState, pool, item, exclude, now).wait > patience
    ? pickAmong(schedulerState, pool, item, undefined, now)
    : undefined
}

function pickAmong(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  for (const { keyGroups, caches } of item.tiers) {
    const affinity = caches && !item.request.short ? item.request.affinity : undefined
    const warm =
      affinity === undefined ? undefined : warmKey(schedulerState, pool, item, affinity, keyGroups, exclude, now)
    if (warm) return warm
    item.held = false
    if (affinity !== undefined && isLoyal(item, now, pool.drainRate.standing(now))) {
      const own = now + homeWait(schedulerState, pool, item, affinity, keyGroups, exclude, now)
      item.held =
        isLoyal(item, own, pool.drainRate.standing(now)) &&
        bestOf(schedulerState, pool, item, keyGroups, exclude, now) !== undefined
      if (item.held) {
        item.notBefore = own
        return undefined
      }
    }
    const idle = idleKey(pool, keyGroups, now, (choice) =>
      admits(pool, item, choice, demandOf(schedulerState, item, choice.keyGroup), exclude, now),
    )
    const best = idle ?? bestOf(schedulerState, pool, item, keyGroups, exclude, now)
    if (best) {
      if (affinity !== undefined) settleHome(pool.homes, affinity, best, now)
      return best
    }
    if (
      now < item.fallbackAt &&
      now + tierEta(schedulerState, pool, item, keyGroups, exclude, now).wait <= item.fallbackAt
    )
      return undefined
  }
  return undefined
}

/** The next best after those that are excluded, with no thought of caches. */
export function nextBest(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  exclude: ReadonlySet<string>,
  now: number,
): Choice | undefined {
  for (const { keyGroups } of item.tiers) {
    const best = bestOf(schedulerState, pool, item, keyGroups, exclude, now)
    if (best) return best
  }
  return undefined
}

/** The lowest ranks of the key groups that `bestOf` has not asked yet. One list serves all calls, as they never overlap. */
const leads: number[] = []
/** The turns of the same slots. */
const turns: number[] = []

/**
 * The lowest rank that admits the request; of equal ranks the one whose turn it is, so that weights hold across key groups.
 * Most often that is the very first, so the other key groups are only glanced at.
 */
function bestOf(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  keyGroups: readonly KeyGroup[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  for (let index = 0; index < keyGroups.length; index++) {
    leads[index] = keyGroups[index]?.lead(now) ?? Number.NaN
    turns[index] = keyGroups[index]?.front() ?? Infinity
  }
  let best: Choice | undefined
  let rank = Infinity
  let turn = Infinity
  for (;;) {
    let next = -1
    for (let index = 0; index < keyGroups.length; index++) {
      const lead = leads[index] ?? Number.NaN
      if (Number.isNaN(lead)) continue
      const due = turns[index] ?? 0
      if (next < 0 ? !best || isBefore(lead, due, rank, turn) : isBefore(lead, due, leads[next] ?? 0, turns[next] ?? 0))
        next = index
    }
    const keyGroup = keyGroups[next]
    if (!keyGroup) return best
    leads[next] = Number.NaN
    const demand = demandOf(schedulerState, item, keyGroup)
    if (sharedWait(pool, item, keyGroup, demand, now) > 0) continue
    const slot = keyGroup.best(demand, exclude, now)
    if (slot < 0 || (best && !isBefore(keyGroup.rank[slot] ?? 0, keyGroup.virtual[slot] ?? 0, rank, turn))) continue
    best = { keyGroup, slot, warm: false }
    rank = keyGroup.rank[slot] ?? 0
    turn = keyGroup.virtual[slot] ?? 0
  }
}

/** By rank, and by turn where ranks are equal. */
function isBefore(rank: number, turn: number, otherRank: number, otherTurn: number): boolean {
  return rank < otherRank || (rank === otherRank && turn < otherTurn)
}

function admits(
  pool: Pool,
  item: Waiting,
  { keyGroup, slot }: Choice,
  demand: Demand,
  exclude: ReadonlySet<string> | undefined,
  now: number,
): boolean {
  return sharedWait(pool, item, keyGroup, demand, now) === 0 && keyGroup.admits(slot, demand, exclude, now)
}

/** A key whose cache knows the prompt, if one may take the request and has no more to do than others; else the one that is to. */
function warmKey(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  affinity: string,
  keyGroups: readonly KeyGroup[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Choice | undefined {
  let isKnown = false
  for (const home of knownHomes(pool.homes, keyGroups, affinity, now)) {
    isKnown = true
    if (!isAtLeisure(home)) continue
    const { keyGroup, slot } = home
    const cold = demandOf(schedulerState, item, keyGroup)
    const share = schedulerState.estimator.cachedShare(keyGroup.name, item.client.name)
    const demand = share > 0 ? { ...cold, cached: Math.floor(cold.input * share) } : cold
    if (!admits(pool, item, home, demand, exclude, now)) continue
    setDemand(item, keyGroup, demand)
    settleHome(pool.homes, affinity, home, now)
    return { keyGroup, slot, warm: true }
  }
  const first = isKnown ? undefined : firstHome(keyGroups, affinity)
  if (!first || !withinShare(first)) return undefined
  if (!admits(pool, item, first, demandOf(schedulerState, item, first.keyGroup), exclude, now)) return undefined
  settleHome(pool.homes, affinity, first, now)
  return first
}

/** Milliseconds until a key that knows the prompt has room for it; Infinity where none does, or has room and too much to do. */
function homeWait(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  affinity: string,
  keyGroups: readonly KeyGroup[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): number {
  let first = Infinity
  for (const { keyGroup, slot } of knownHomes(pool.homes, keyGroups, affinity, now)) {
    if (!keyGroup.usable(slot, exclude)) continue
    const demand = demandOf(schedulerState, item, keyGroup)
    const wait = Math.max(keyGroup.wait(slot, demand, now), sharedWait(pool, item, keyGroup, demand, now))
    if (wait > 0) first = Math.min(first, wait >= UNTIL_EVENT && pool.duration > 0 ? pool.duration : wait)
  }
  return first
}

/** Limits that all keys of a key group have in common: the provider's, the public model's, the client's. */
function sharedWait(pool: Pool, item: Waiting, keyGroup: KeyGroup, demand: Demand, now: number): number {
  const wait = Math.max(keyGroup.providerWait(demand, now), scopeWait(pool.scope, demand, now))
  return item.client.scopes.length > 0 ? Math.max(wait, clientWait(item.client, demand, now)) : wait
}

export interface Eta {
  /** Milliseconds; Infinity when nothing but an event can help. */
  wait: number
  choice: Choice | undefined
}

/** When a request could be taken first if nobody else came, and by which key. */
export function eta(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): Eta {
  const { exclude } = item.request
  const found = etaAmong(schedulerState, pool, item, exclude, now)
  if (!exclude || exclude.size === 0 || found.wait <= Math.min(item.deadline - now, RATHER_AGAIN)) return found
  return etaAmong(schedulerState, pool, item, undefined, now)
}

/** When a key can take it. A guess is no reason to say never: as much of it is counted as some key can ever take. */
export function possible(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): Eta {
  let own = eta(schedulerState, pool, item, now)
  if (own.wait < Infinity) return own
  for (const caution of LESS_CAUTION) {
    item.caution = caution
    forgetDemands(item)
    own = eta(schedulerState, pool, item, now)
    if (own.wait === Infinity) continue
    item.notBefore = 0
    return own
  }
  return own
}

function etaAmong(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Eta {
  let first: Eta = { wait: Infinity, choice: undefined }
  for (const { keyGroups } of item.tiers) {
    const found = tierEta(schedulerState, pool, item, keyGroups, exclude, now)
    // A lower tier may help only once the upper is known to be too late.
    const late = first.choice && now + first.wait <= item.fallbackAt ? item.fallbackAt - now : 0
    if (Math.max(found.wait, late) < first.wait) first = { wait: Math.max(found.wait, late), choice: found.choice }
  }
  return first
}

function tierEta(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  keyGroups: readonly KeyGroup[],
  exclude: ReadonlySet<string> | undefined,
  now: number,
): Eta {
  let first: Eta = { wait: Infinity, choice: undefined }
  for (const keyGroup of keyGroups) {
    const demand = demandOf(schedulerState, item, keyGroup)
    const found = keyGroup.eta(demand, exclude, now)
    const wait = Math.max(found.wait, sharedWait(pool, item, keyGroup, demand, now))
    if (wait < first.wait) first = { wait, choice: { keyGroup, slot: found.slot, warm: false } }
  }
  return first
}
