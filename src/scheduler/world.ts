/** What one scheduler owns: its clock, its providers, its pools, its leases. */
import { Chain } from './chain.ts'
import type { Clients } from './clients.ts'
import { createClients } from './clients.ts'
import type { Clock } from './clock.ts'
import type { PoolSpec, ProviderSpec } from './contract.ts'
import type { Estimator } from './estimator.ts'
import { createEstimator } from './estimator.ts'
import type { LeaseRecord } from './lease.ts'
import type { ToWall } from './limits/window.ts'
import type { SchedulerOptions } from './options.ts'
import { DEFAULT_OPTIONS } from './options.ts'
import type { Touched } from './memory/touched.ts'
import type { Pool } from './pool.ts'
import type { Provider } from './provider.ts'
import { createProvider, modelOf } from './provider.ts'

export type Settings = Required<SchedulerOptions>

export interface World {
  readonly clock: Clock
  readonly random: () => number
  readonly settings: Settings
  readonly toWall: ToWall
  /** Wall clock less monotonic clock, in milliseconds; changes when the machine's clock is set. */
  offset: number
  readonly providers: ReadonlyMap<string, Provider>
  readonly clients: Clients
  readonly estimator: Estimator
  readonly specs: ReadonlyMap<string, PoolSpec>
  /** Those in use; made when first asked for. */
  readonly pools: Map<string, Pool>
  /** Under way, oldest first. */
  readonly leases: Chain<LeaseRecord>
  queued: number
  /** Since the journal last asked; absent while there is no journal. */
  touched: Touched | undefined
}

export function createWorld(
  spec: { providers: ProviderSpec[]; pools: PoolSpec[]; options: SchedulerOptions },
  clock: Clock,
  random: () => number,
): World {
  const given = Object.fromEntries(Object.entries(spec.options).filter(([, value]) => value !== undefined))
  const settings: Settings = { ...DEFAULT_OPTIONS, ...given }
  const now = clock.now()
  const world: World = {
    clock,
    random,
    settings,
    toWall: (instant) => instant + world.offset,
    offset: clock.wall() - now,
    providers: new Map(),
    clients: createClients(settings.clients, (instant) => instant + world.offset, now),
    estimator: createEstimator(),
    specs: new Map(spec.pools.map((pool) => [pool.model, pool])),
    pools: new Map(),
    leases: new Chain(),
    queued: 0,
    touched: undefined,
  }
  const providers = spec.providers.map(
    (provider) => [provider.name, createProvider(provider, world.toWall, now)] as const,
  )
  Object.assign(world, { providers: new Map(providers) })
  // Each model knows all that any route says of its limits before the first key meets it.
  for (const { routes } of spec.pools) {
    for (const route of routes) {
      const provider = world.providers.get(route.provider)
      if (provider) modelOf(provider, route.model, route.limits, 'account-model', world.toWall, now)
    }
  }
  return world
}

/** The clocks drift by less than this between two looks; more is a jump. Milliseconds. */
const JUMP = 1000

/** Follows a wall clock that was set. Calendar windows may now end sooner or later, so every sleeper is looked at. */
export function followClock(world: World, now: number): void {
  const offset = world.clock.wall() - now
  if (Math.abs(offset - world.offset) < JUMP) return
  world.offset = offset
  for (const pool of world.pools.values()) {
    for (const lane of pool.lanes) lane.rouseAll(now)
    for (const item of pool.blocked) item.notBefore = 0
  }
}
