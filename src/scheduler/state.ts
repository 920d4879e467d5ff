/** What one scheduler owns: its clock, its providers, its pools, its leases. */
import { LinkedList } from './structures/linked-list.ts'
import type { Clients } from './topology/clients.ts'
import { createClients } from './topology/clients.ts'
import type { Clock } from './clock.ts'
import type { PoolSpec, ProviderSpec } from './types.ts'
import type { Estimator } from './lease/estimator.ts'
import { createEstimator } from './lease/estimator.ts'
import type { LeaseRecord } from './lease/lease.ts'
import type { ToWall } from './limits/window.ts'
import type { SchedulerOptions } from './options.ts'
import { DEFAULT_OPTIONS } from './options.ts'
import type { ChangeSet } from './persistence/change-set.ts'
import type { Pool } from './topology/pool.ts'
import type { Provider } from './topology/provider.ts'
import { createProvider, modelOf } from './topology/provider.ts'

export type Settings = Required<Omit<SchedulerOptions, 'trust_headers'>> & Pick<SchedulerOptions, 'trust_headers'>

export interface SchedulerState {
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
  pools: Map<string, Pool>
  /** Pools that were made for names of no configuration since some of them were forgotten. */
  newcomers: number
  /** Under way, oldest first. */
  readonly leases: LinkedList<LeaseRecord>
  queued: number
  /** Since the journal last asked; absent while there is no journal. */
  changes: ChangeSet | undefined
}

export function createSchedulerState(
  spec: { providers: ProviderSpec[]; pools: PoolSpec[]; options: SchedulerOptions },
  clock: Clock,
  random: () => number,
): SchedulerState {
  const given = Object.fromEntries(Object.entries(spec.options).filter(([, value]) => value !== undefined))
  const settings: Settings = { ...DEFAULT_OPTIONS, ...given }
  const now = clock.now()
  const schedulerState: SchedulerState = {
    clock,
    random,
    settings,
    toWall: (instant) => instant + schedulerState.offset,
    offset: clock.wall() - now,
    providers: new Map(),
    clients: createClients(settings.clients, settings.groups, (instant) => instant + schedulerState.offset, now),
    estimator: createEstimator(),
    specs: new Map(spec.pools.map((pool) => [pool.model, pool])),
    pools: new Map(),
    newcomers: 0,
    leases: new LinkedList(),
    queued: 0,
    changes: undefined,
  }
  const providers = spec.providers.map(
    (provider) => [provider.name, createProvider(provider, schedulerState.toWall, now)] as const,
  )
  Object.assign(schedulerState, { providers: new Map(providers) })
  // Each model knows all that any route says of its limits before the first key meets it.
  for (const { routes } of spec.pools) {
    for (const route of routes) {
      const provider = schedulerState.providers.get(route.provider)
      if (provider) modelOf(provider, route.model, route.limits, 'account-model', schedulerState.toWall, now)
    }
  }
  return schedulerState
}
