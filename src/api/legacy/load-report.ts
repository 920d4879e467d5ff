/** The predecessor's view of load: each model with its keys, how much each carries and how much it may. */
import type { LimitSpec, PoolSpec, ProviderSpec, Scheduler } from '../../scheduler/types.ts'

export interface KeyLoad {
  /** The key's name, never the key. */
  key: string
  weight: number
  current: number
}

export interface ModelLoad {
  type: 'concurrency' | 'qps'
  current: number
  /** 0 where nothing is declared: no limit is known. */
  max: number
  weight: number
  keys: KeyLoad[]
}

export interface LoadView {
  models(): string[]
  /** Undefined for a model that is none. */
  model(name: string): Promise<ModelLoad | undefined>
  /** Percent of all that is declared. */
  system(): Promise<number>
}

/** @param pools the public models */
export function createLoadView(
  pools: readonly PoolSpec[],
  providers: readonly ProviderSpec[],
  scheduler: Scheduler,
): LoadView {
  const byName = new Map(providers.map((provider) => [provider.name, provider]))
  const models = new Map(pools.map((pool) => [pool.model, shapeOf(pool, byName)]))

  const view: LoadView = {
    models: () => [...models.keys()],
    async model(name) {
      const shape = models.get(name)
      if (!shape) return undefined
      const report = await scheduler.report()
      const running = new Map(report.keys.map((key) => [key.key, key.inFlight]))
      const keys = shape.keys.map((key) => ({ ...key, current: running.get(key.key) ?? 0 }))
      return { ...shape, keys, current: keys.reduce((sum, key) => sum + key.current, 0) }
    },
    async system() {
      let current = 0
      let max = 0
      for (const name of models.keys()) {
        const load = await view.model(name)
        current += load?.current ?? 0
        max += load?.max ?? 0
      }
      return max > 0 ? Math.round((current / max) * 10_000) / 100 : 0
    },
  }
  return view
}

function shapeOf(pool: PoolSpec, providers: ReadonlyMap<string, ProviderSpec>): Omit<ModelLoad, 'current'> {
  const names = [...new Set(pool.routes.map((route) => route.provider))]
  const served = names.flatMap((name) => providers.get(name) ?? [])
  const limits = served.map((provider) => ({
    provider,
    routes: pool.routes.filter((route) => route.provider === provider.name).flatMap((route) => route.limits),
  }))
  const slots = limits.map(({ provider, routes }) => capacity(provider, routes, concurrency))
  const rates = limits.map(({ provider, routes }) => capacity(provider, routes, perSecond))
  const total = (amounts: number[]): number => amounts.reduce((sum, amount) => sum + amount, 0)
  const type = total(slots) > 0 ? 'concurrency' : total(rates) > 0 ? 'qps' : 'concurrency'
  return {
    type,
    max: Math.round(total(type === 'concurrency' ? slots : rates) * 100) / 100,
    weight: pool.weight,
    keys: served.flatMap((provider) => provider.keys.map((key) => ({ key: key.name, weight: key.weight, current: 0 }))),
  }
}

/** What all keys of a provider may carry together: a key's own limits for each key, shared ones once. */
function capacity(provider: ProviderSpec, routes: LimitSpec[], read: (limits: LimitSpec[]) => number): number {
  const own = provider.keys.reduce((sum, key) => sum + read(key.limits), 0)
  return own > 0 ? own : read([...provider.limits, ...routes])
}

function concurrency(limits: LimitSpec[]): number {
  return smallest(limits.filter((limit) => limit.metric === 'concurrency').map((limit) => limit.amount))
}

function perSecond(limits: LimitSpec[]): number {
  return smallest(
    limits
      .filter((limit) => limit.metric === 'requests' && limit.period > 0)
      .map((limit) => limit.amount / (limit.period / 1000)),
  )
}

function smallest(amounts: number[]): number {
  return amounts.length > 0 ? Math.min(...amounts) : 0
}
