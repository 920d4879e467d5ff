/** Gives keys to those who wait: at once, at the exact moment when a key frees, or not at all. */
import { NOTHING, reserve } from '../lease/accounting.ts'
import type { Hold } from '../lease/accounting.ts'
import type { CandidateReport } from '../types.ts'
import { reportCandidates } from '../candidate-report.ts'
import { beginTry, SILENCE } from '../health/incident.ts'
import type { LeaseRegistry } from '../lease/lease-registry.ts'
import type { Choice } from '../topology/key-group.ts'
import { LeaseRecord } from '../lease/lease.ts'
import type { Demand } from '../limits/request-cost.ts'
import { demandOf, pick, possible } from '../select/pick.ts'
import type { Pool } from '../topology/pool.ts'
import type { Key } from '../topology/provider.ts'
import { accountScopeOf, keyModelOf } from '../topology/provider.ts'
import { serveOne } from './serve-one.ts'
import type { Waiting } from './waiting.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { cool, ON_TRIAL } from '../topology/limit-scope.ts'
import { askableStart, askStart } from '../limit-learning/window-start.ts'
import type { SchedulerState } from '../state.ts'
import { followClock } from '../follow-clock.ts'

/** How many candidates an explanation lists. */
const LISTED = 50
/** Keys that are looked at, whether one may be asked when its window begins; and how long all must be full for that, in milliseconds. */
const MOST_ASKED = 16
const WORTH_ASKING = 250
/** The longest: a machine's clock may be set while all sleep. */
const LONGEST = 30_000

/** Reserves and makes the lease. The caller has just picked. */
export function dispatch(
  schedulerState: SchedulerState,
  registry: LeaseRegistry,
  pool: Pool,
  item: Waiting,
  choice: Choice,
  now: number,
): LeaseRecord {
  const { keyGroup, slot } = choice
  const demand = demandOf(schedulerState, item, keyGroup)
  const key = keyGroup.key(slot)
  if (key.kept?.demand === demand) key.kept = undefined
  const candidates = item.request.explain ? reportCandidates(schedulerState, pool, item, now, LISTED) : undefined
  // It leaves now, not when the look at the queue began: a window that counts it sooner would end it too soon.
  const sent = registry.now()
  let holds: readonly Hold[] = NOTHING
  for (const scope of scopesOf(schedulerState, pool, item, choice, now)) {
    if (scope) holds = reserve(holds, scope, demand, sent - item.arrived, sent)
  }
  const lease = new LeaseRecord(registry, pool, item, choice, holds, demand, sent)
  lease.candidates = candidates?.toSorted((a, b) => Number(isChosen(b, lease)) - Number(isChosen(a, lease)))
  registry.enter(lease)
  pool.queue.served(item.client)
  pool.drainRate.served(now)
  pool.served++
  learnTypical(pool, demand)
  beginTry(keyGroup.provider.incident, sent)
  beginTry(keyGroup.model.incident, sent)
  const trial = keyGroup.model.keyModels.get(slot)?.scope
  if (trial && trial.refusals > 0 && trial.reason === ON_TRIAL) cool(trial, sent + SILENCE, ON_TRIAL)
  keyGroup.charge(slot, choice.warm, now)
  return lease
}

function isChosen({ provider, model, key }: CandidateReport, lease: LeaseRecord): boolean {
  return key === lease.key && provider === lease.provider && model === lease.model
}

/** Every scope whose limits the request counts against, and nothing in place of those that it has not. */
export function scopesOf(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  { keyGroup, slot }: Choice,
  now: number,
): readonly (Scope | undefined)[] {
  const { model, provider } = keyGroup
  const key = keyGroup.key(slot)
  const { account } = key
  const keyModel = model.keyed ? keyModelOf(model, key, schedulerState.toWall, now) : model.keyModels.get(slot)
  const shared = account && (model.keyed || model.accountScopes.size > 0)
  return [
    key.scope,
    provider.scope,
    pool.scope,
    keyModel?.scope,
    account?.scope,
    shared ? accountScopeOf(model, account, schedulerState.toWall, now) : undefined,
    ...item.client.scopes,
  ]
}

function learnTypical(pool: Pool, demand: Demand): void {
  pool.typical ??= { ...demand }
  const { typical } = pool
  typical.input += 0.02 * (demand.input - typical.input)
  typical.reserve += 0.02 * (demand.reserve - typical.reserve)
  typical.output += 0.02 * (demand.output - typical.output)
  typical.cached += 0.02 * (demand.cached - typical.cached)
}

/** Serves all that can be served now, and sets the timer for the next moment when one can. */
export function pump(
  schedulerState: SchedulerState,
  registry: LeaseRegistry,
  pool: Pool,
  expire: (pool: Pool, item: Waiting) => void,
): void {
  const now = schedulerState.clock.now()
  followClock(schedulerState, now)
  for (let item = pool.queue.soonest(); item && item.deadline <= now; item = pool.queue.soonest()) {
    if (fallBack(schedulerState, registry, pool, item, now)) continue
    leave(schedulerState, pool, item)
    expire(pool, item)
  }
  let next = Infinity
  while (pool.queue.size > 0) {
    const turn = serveOne(schedulerState, pool, now)
    const item = turn.item ?? asker(schedulerState, pool, now)
    const choice = turn.choice ?? item?.booking
    if (!item || !choice) {
      next = turn.next
      break
    }
    leave(schedulerState, pool, item)
    const lease = dispatch(schedulerState, registry, pool, item, choice, now)
    lease.asks = item !== turn.item
    item.resolve(lease)
  }
  for (const keyGroup of pool.keyGroups) keyGroup.booked.clear()
  const soonest = pool.queue.soonest()
  if (soonest) setTimer(schedulerState, registry, pool, Math.min(next, soonest.deadline, now + LONGEST), now, expire)
  else stop(pool)
}

/** Nobody can be served: the first who waits may ask a full key whether its window has begun anew. */
function asker(schedulerState: SchedulerState, pool: Pool, now: number): Waiting | undefined {
  const item = firstBlocked(pool)
  if (!item?.booking || item.notBefore <= now + WORTH_ASKING) return undefined
  const { keyGroup } = item.booking
  const { provider } = keyGroup
  const { keys } = provider
  // keys of one provider are most often alike
  if (provider.startsTold.believed === false || !keys[0]?.scope.limits.some(({ spec }) => spec.shape === 'fixed'))
    return undefined
  const demand = demandOf(schedulerState, item, keyGroup)
  if (keyGroup.providerWait(demand, now) > 0) return undefined
  for (let looks = Math.min(MOST_ASKED, keys.length); looks > 0; looks--) {
    const slot = pool.asked++ % keys.length
    if (!mayBeAsked(keys[slot]) || !(keyGroup.weight(slot) > 0) || !keyGroup.usable(slot, item.request.exclude))
      continue
    const choice = { keyGroup, slot, warm: false }
    const scopes = scopesOf(schedulerState, pool, item, choice, now)
    const limit = askableStart(provider.startsTold, scopes, demand, keyGroup.wait(slot, demand, now), now)
    if (!limit) continue
    askStart(limit, now)
    item.booking = choice
    return item
  }
  return undefined
}

function mayBeAsked(key: Key | undefined): boolean {
  return (
    key !== undefined && key.scope.limits.some(({ startAskAt }) => startAskAt !== undefined && startAskAt < Infinity)
  )
}

function firstBlocked(pool: Pool): Waiting | undefined {
  for (const { items } of pool.queue.inOrder()) {
    for (const item of items) if (!item.gone) return item.held ? undefined : item
  }
  return undefined
}

/** Who would be turned away need not wait for a lower tier, nor be refused on a guess: serves it, if there is room now. */
export function fallBack(
  schedulerState: SchedulerState,
  registry: LeaseRegistry,
  pool: Pool,
  item: Waiting,
  now: number,
): boolean {
  item.loyalUntil = 0
  if (item.fallbackAt > now) {
    item.fallbackAt = now
    item.notBefore = 0
  } else if (possible(schedulerState, pool, item, now).wait > 0 || item.caution === 1) return false
  const choice = pick(schedulerState, pool, item, now)
  if (!choice) return false
  leave(schedulerState, pool, item)
  item.resolve(dispatch(schedulerState, registry, pool, item, choice, now))
  return true
}

/** Takes a request out of the queue. Whoever waited behind its booking is looked at afresh. */
export function leave(schedulerState: SchedulerState, pool: Pool, item: Waiting): void {
  if (item.gone) return
  pool.queue.remove(item)
  schedulerState.queued--
  item.unhook()
  if (pool.blocked.delete(item) && item.booking) for (const other of pool.blocked) other.notBefore = 0
}

function setTimer(
  schedulerState: SchedulerState,
  registry: LeaseRegistry,
  pool: Pool,
  at: number,
  now: number,
  expire: (pool: Pool, item: Waiting) => void,
): void {
  if (pool.timerAt === at) return
  stop(pool)
  pool.timerAt = at
  pool.stopTimer = schedulerState.clock.setTimer(Math.max(at, now), () => {
    pool.timerAt = Infinity
    pump(schedulerState, registry, pool, expire)
  })
}

function stop(pool: Pool): void {
  if (pool.timerAt < Infinity) pool.stopTimer()
  pool.timerAt = Infinity
}

/** A key may have room again: wakes it in every pool, and tells those who wait for it. */
export function release(schedulerState: SchedulerState, key: Key, now: number): void {
  for (const keyGroup of key.provider.keyGroups) keyGroup.refresh(key.slot, now)
  if (schedulerState.queued === 0) return
  for (const pool of schedulerState.pools.values()) if (pool.queue.size > 0) offer(schedulerState, pool, key, now)
}

/** What a lease gave back may be room again: for its own key, for those that share its account, or for anybody. */
export function releaseAfter(schedulerState: SchedulerState, lease: LeaseRecord, now: number): void {
  const { keyState: key, holds, keyGroup } = lease
  const { account } = key
  if (account && (keyGroup.model.accountScopes.size > 0 || holds.some(({ scope }) => scope === account.scope))) {
    for (const each of account.keys) release(schedulerState, each, now)
  } else release(schedulerState, key, now)
  if (schedulerState.queued > 0 && holds.some(({ scope }) => isShared(scope))) {
    for (const pool of schedulerState.pools.values())
      if (pool.queue.size > 0) for (const item of pool.blocked) item.notBefore = 0
  }
}

/** Do many keys share its limits? */
function isShared({ kind }: Scope): boolean {
  return kind === 'provider' || kind === 'model' || kind === 'client'
}

function offer(schedulerState: SchedulerState, pool: Pool, key: Key, now: number): void {
  for (const keyGroup of pool.keyGroups) {
    if (keyGroup.provider !== key.provider) continue
    for (const item of pool.blocked) {
      if (item.notBefore <= now || !item.tiers.some(({ keyGroups }) => keyGroups.includes(keyGroup))) continue
      const wait = keyGroup.wait(key.slot, demandOf(schedulerState, item, keyGroup), now)
      if (now + wait >= item.notBefore) continue
      item.notBefore = now + wait
      item.booking = { keyGroup, slot: key.slot, warm: false }
    }
  }
}
