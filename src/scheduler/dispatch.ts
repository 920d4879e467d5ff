/** Gives keys to those who wait: at once, at the exact moment when a key frees, or not at all. */
import { NOTHING, reserve } from './accounting.ts'
import type { Hold } from './accounting.ts'
import type { CandidateReport } from './contract.ts'
import { explainPool } from './explain.ts'
import type { Host } from './host.ts'
import type { Choice } from './lane.ts'
import { LeaseRecord } from './lease.ts'
import type { Demand } from './limits/demand.ts'
import { demandOf, eta, pick } from './pick.ts'
import type { Pool } from './pool.ts'
import type { Key } from './provider.ts'
import { accountScopeOf, keyModelOf } from './provider.ts'
import { heads } from './queue/fair-queue.ts'
import type { Waiting } from './queue/waiting.ts'
import type { Scope } from './scope.ts'
import { scopeWait } from './scope.ts'
import type { World } from './world.ts'
import { followClock } from './world.ts'

/** Blocked requests looked at before the rest of the queue is left for later. */
const MISSES = 8
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
  world: World,
  host: Host,
  pool: Pool,
  item: Waiting,
  choice: Choice,
  now: number,
): LeaseRecord {
  const { lane, slot } = choice
  const demand = demandOf(world, item, lane)
  const candidates = item.request.explain ? explainPool(world, pool, item, now, LISTED) : undefined
  // It leaves now, not when the look at the queue began: a window that counts it sooner would end it too soon.
  const sent = host.now()
  let holds: readonly Hold[] = NOTHING
  for (const scope of scopesOf(world, pool, item, choice, now)) {
    if (scope) holds = reserve(holds, scope, demand, sent)
  }
  const lease = new LeaseRecord(host, pool, item, choice, holds, demand, sent)
  lease.candidates = candidates?.toSorted((a, b) => Number(isChosen(b, lease)) - Number(isChosen(a, lease)))
  host.enter(lease)
  pool.queue.served(item.client)
  pool.drain.served(now)
  learnTypical(pool, demand)
  lane.charge(slot, choice.warm, now)
  return lease
}

function isChosen({ provider, model, key }: CandidateReport, lease: LeaseRecord): boolean {
  return key === lease.key && provider === lease.provider && model === lease.model
}

/** Every scope whose limits the request counts against, and nothing in place of those that it has not. */
export function scopesOf(
  world: World,
  pool: Pool,
  item: Waiting,
  { lane, slot }: Choice,
  now: number,
): readonly (Scope | undefined)[] {
  const { model, provider } = lane
  const key = lane.key(slot)
  const { account } = key
  const keyModel = model.keyed ? keyModelOf(model, key, world.toWall, now) : model.keyModels.get(slot)
  const shared = account && (model.keyed || model.accountScopes.size > 0)
  return [
    key.scope,
    provider.scope,
    pool.scope,
    keyModel?.scope,
    account?.scope,
    shared ? accountScopeOf(model, account, world.toWall, now) : undefined,
    item.client.scope,
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
export function pump(world: World, host: Host, pool: Pool, expire: (pool: Pool, item: Waiting) => void): void {
  const now = world.clock.now()
  followClock(world, now)
  for (let item = pool.queue.soonest(); item && item.deadline <= now; item = pool.queue.soonest()) {
    leave(world, pool, item)
    expire(pool, item)
  }
  let next = Infinity
  while (pool.queue.size > 0) {
    const turn = serveOne(world, pool, now)
    if (!turn.item || !turn.choice) {
      next = turn.next
      break
    }
    leave(world, pool, turn.item)
    turn.item.resolve(dispatch(world, host, pool, turn.item, turn.choice, now))
  }
  for (const lane of pool.lanes) lane.booked.clear()
  const soonest = pool.queue.soonest()
  if (soonest) setTimer(world, host, pool, Math.min(next, soonest.deadline, now + LONGEST), now, expire)
  else stop(pool)
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
function serveOne(world: World, pool: Pool, now: number): Turn {
  for (const lane of pool.lanes) lane.booked.clear()
  let misses = 0
  let booked = 0
  let next = Infinity
  const common = scopeWait(pool.scope, null, now)
  if (common > 0) return { next: now + common }
  const most = Math.max(1, Math.floor(pool.lanes.reduce((sum, lane) => sum + lane.size, 0) * BOOKED_SHARE))
  for (const line of pool.queue.inOrder()) {
    const own = line.client.scope ? scopeWait(line.client.scope, null, now) : 0
    if (own > 0) {
      next = Math.min(next, now + own)
      continue
    }
    for (const [position, item] of heads(line, world.settings.backfill).entries()) {
      if (item.notBefore <= now) {
        const choice = pick(world, pool, item, now)
        if (choice) return { item, choice, next: now }
        book(world, pool, item, now)
      } else if (item.booking?.lane.booked.has(item.booking.slot)) book(world, pool, item, now)
      next = Math.min(next, item.notBefore)
      if (item.booking && item.booking.slot >= 0 && booked < most && (position === 0 || booked === 0)) {
        item.booking.lane.booked.add(item.booking.slot)
        booked++
      }
      if (++misses >= MISSES) return { next }
    }
  }
  return { next }
}

/** Nothing can take it now: notes when something can, and what, leaving out what others have booked. */
function book(world: World, pool: Pool, item: Waiting, now: number): void {
  const { wait, choice } = eta(world, pool, item, now)
  item.notBefore = now + Math.max(wait, LEAST)
  if (item.fallbackAt > now) item.notBefore = Math.min(item.notBefore, item.fallbackAt)
  item.booking = choice
  pool.blocked.add(item)
}

/** Takes a request out of the queue. Whoever waited behind its booking is looked at afresh. */
export function leave(world: World, pool: Pool, item: Waiting): void {
  if (item.gone) return
  pool.queue.remove(item)
  world.queued--
  item.unhook()
  if (pool.blocked.delete(item) && item.booking) for (const other of pool.blocked) other.notBefore = 0
}

function setTimer(
  world: World,
  host: Host,
  pool: Pool,
  at: number,
  now: number,
  expire: (pool: Pool, item: Waiting) => void,
): void {
  if (pool.timerAt === at) return
  stop(pool)
  pool.timerAt = at
  pool.stopTimer = world.clock.setTimer(Math.max(at, now), () => {
    pool.timerAt = Infinity
    pump(world, host, pool, expire)
  })
}

function stop(pool: Pool): void {
  if (pool.timerAt < Infinity) pool.stopTimer()
  pool.timerAt = Infinity
}

/** A key may have room again: wakes it in every pool, and tells those who wait for it. */
export function release(world: World, key: Key, now: number): void {
  for (const lane of key.provider.lanes) lane.refresh(key.slot, now)
  if (world.queued === 0) return
  for (const pool of world.pools.values()) if (pool.queue.size > 0) offer(world, pool, key, now)
}

/** What a lease gave back may be room again: for its own key, for those that share its account, or for anybody. */
export function releaseAfter(world: World, lease: LeaseRecord, now: number): void {
  const { keyState: key, holds, lane } = lease
  const { account } = key
  if (account && (lane.model.accountScopes.size > 0 || holds.some(({ scope }) => scope === account.scope))) {
    for (const each of account.keys) release(world, each, now)
  } else release(world, key, now)
  if (world.queued > 0 && holds.some(({ scope }) => isShared(scope))) {
    for (const pool of world.pools.values())
      if (pool.queue.size > 0) for (const item of pool.blocked) item.notBefore = 0
  }
}

/** Do many keys share its limits? */
function isShared({ kind }: Scope): boolean {
  return kind === 'provider' || kind === 'model' || kind === 'client'
}

function offer(world: World, pool: Pool, key: Key, now: number): void {
  for (const lane of pool.lanes) {
    if (lane.provider !== key.provider) continue
    for (const item of pool.blocked) {
      if (item.notBefore <= now) continue
      const wait = lane.wait(key.slot, demandOf(world, item, lane), now)
      if (now + wait >= item.notBefore) continue
      item.notBefore = now + wait
      item.booking = { lane, slot: key.slot, warm: false }
    }
  }
}
