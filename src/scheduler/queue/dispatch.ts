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
import { demandOf, eta, pick, possible } from '../select/pick.ts'
import type { Pool } from '../topology/pool.ts'
import type { Key } from '../topology/provider.ts'
import { accountScopeOf, keyModelOf } from '../topology/provider.ts'
import type { Waiting } from './waiting.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { clientWait } from '../topology/clients.ts'
import { cool, ON_TRIAL, scopeWait } from '../topology/limit-scope.ts'
import type { SchedulerState } from '../state.ts'
import { followClock } from '../state.ts'

/** Blocked requests looked at before the rest of the queue is left for later. */
const MISSES = 8
/** Requests that wait for their own key, and so many are looked past. */
const MOST_HELD = 64
/** Blocked requests book at most this share of a pool's keys. */
const BOOKED_SHARE = 0.5
/** How many candidates an explanation lists. */
const LISTED = 50
/** The least pause between two looks, in milliseconds. */
const LEAST = 0.1
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
  const candidates = item.request.explain ? reportCandidates(schedulerState, pool, item, now, LISTED) : undefined
  // It leaves now, not when the look at the queue began: a window that counts it sooner would end it too soon.
  const sent = registry.now()
  let holds: readonly Hold[] = NOTHING
  for (const scope of scopesOf(schedulerState, pool, item, choice, now)) {
    if (scope) holds = reserve(holds, scope, demand, sent)
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
    if (!turn.item || !turn.choice) {
      next = turn.next
      break
    }
    leave(schedulerState, pool, turn.item)
    turn.item.resolve(dispatch(schedulerState, registry, pool, turn.item, turn.choice, now))
  }
  for (const keyGroup of pool.keyGroups) keyGroup.booked.clear()
  const soonest = pool.queue.soonest()
  if (soonest) setTimer(schedulerState, registry, pool, Math.min(next, soonest.deadline, now + LONGEST), now, expire)
  else stop(pool)
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

interface Turn {
  item?: Waiting
  choice?: Choice
  /** When to look again (monotonic ms). */
  next: number
}

/**
 * The first that can be served, in the order of who is due. A head that no key can take books the key that frees first,
 * so that smaller requests behind it use only what it leaves.
 */
function serveOne(schedulerState: SchedulerState, pool: Pool, now: number): Turn {
  for (const keyGroup of pool.keyGroups) keyGroup.booked.clear()
  let misses = 0
  let booked = 0
  let next = Infinity
  const held: Waiting[] = []
  const common = scopeWait(pool.scope, null, now)
  if (common > 0) return { next: now + common }
  const most = Math.max(1, Math.floor(pool.keyGroups.reduce((sum, keyGroup) => sum + keyGroup.size, 0) * BOOKED_SHARE))
  for (const line of pool.queue.inOrder()) {
    const own = clientWait(line.client, null, now)
    if (own > 0) {
      next = Math.min(next, now + own)
      continue
    }
    let position = -1
    for (const item of line.items) {
      if (item.gone) continue
      if (position + 1 >= schedulerState.settings.backfill) break
      if (item.notBefore <= now) {
        const choice = pick(schedulerState, pool, item, now)
        if (choice) return { item, choice, next: now }
        if (item.held) pool.blocked.add(item)
        else book(schedulerState, pool, item, now)
      } else if (item.booking?.keyGroup.booked.has(item.booking.slot)) book(schedulerState, pool, item, now)
      next = Math.min(next, item.notBefore)
      if (item.held) {
        // It waits for its own key, and keeps nobody from another.
        held.push(item)
        if (held.length < MOST_HELD) continue
        return disloyal(schedulerState, pool, held, now) ?? { next }
      }
      position++
      if (item.booking && item.booking.slot >= 0 && booked < most && (position === 0 || booked === 0)) {
        item.booking.keyGroup.booked.add(item.booking.slot)
        booked++
      }
      if (++misses >= MISSES) return disloyal(schedulerState, pool, held, now) ?? { next }
    }
  }
  return disloyal(schedulerState, pool, held, now) ?? { next }
}

/** In standing overload no key may be idle because all who wait would rather have another: the first of them takes it. */
function disloyal(schedulerState: SchedulerState, pool: Pool, held: readonly Waiting[], now: number): Turn | undefined {
  if (held.length === 0 || !pool.drainRate.standing(now)) return undefined
  for (const item of held) {
    const { loyalUntil } = item
    item.loyalUntil = 0
    const choice = pick(schedulerState, pool, item, now)
    if (choice) return { item, choice, next: now }
    item.loyalUntil = loyalUntil
  }
  return undefined
}

/** Nothing can take it now: notes when something can, and what, leaving out what others have booked. */
function book(schedulerState: SchedulerState, pool: Pool, item: Waiting, now: number): void {
  const { wait, choice } = eta(schedulerState, pool, item, now)
  item.notBefore = now + Math.max(wait, LEAST)
  if (item.fallbackAt > now) item.notBefore = Math.min(item.notBefore, item.fallbackAt)
  item.booking = choice
  pool.blocked.add(item)
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
      if (item.notBefore <= now) continue
      const wait = keyGroup.wait(key.slot, demandOf(schedulerState, item, keyGroup), now)
      if (now + wait >= item.notBefore) continue
      item.notBefore = now + wait
      item.booking = { keyGroup, slot: key.slot, warm: false }
    }
  }
}
