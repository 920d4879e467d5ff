/** Which pool serves a model: those of the configuration, and `provider/model` for direct addressing. */
import { GatewayError } from '../../chat/error.ts'
import type { PoolSpec } from '../types.ts'
import { createPool, dropPools } from './pool.ts'
import type { Pool } from './pool.ts'
import { guarded } from '../select/strategies/fallback-order.ts'
import { STRATEGIES, WEIGHTED_FAIR } from '../select/strategies/index.ts'
import type { Strategy } from '../select/strategies/strategy.ts'
import type { SchedulerState } from '../state.ts'

/** Pools for direct addressing that are kept while nobody uses them: a client may send any name after the slash. */
const KEPT = 200
/** New ones until the oldest are forgotten: together, since a Map that lets go one by one holds its old tables (see ARCHITECTURE.md). */
const TOGETHER = 50

/** Finds or makes the pool. Throws `unknown_model`. */
export function poolOf(schedulerState: SchedulerState, model: string): Pool {
  const now = schedulerState.clock.now()
  let pool = schedulerState.pools.get(model)
  if (!pool) {
    const spec = schedulerState.specs.get(model) ?? directSpec(schedulerState, model)
    if (!spec)
      throw new GatewayError('unknown_model', `The model ${model} does not exist: no provider here serves it.`, {
        param: 'model',
      })
    const { settings } = schedulerState
    pool = createPool(
      spec,
      schedulerState.providers,
      strategyOf(schedulerState, spec.strategy),
      Object.hasOwn(settings.strategies, spec.strategy ?? settings.strategy),
      schedulerState.toWall,
      now,
    )
    if (!schedulerState.specs.has(model)) makeRoom(schedulerState)
    schedulerState.pools.set(model, pool)
  }
  pool.usedAt = now
  return pool
}

export function serves(schedulerState: SchedulerState, model: string): boolean {
  return schedulerState.specs.has(model) || directSpec(schedulerState, model) !== undefined
}

/** Throws a RangeError that lists the names when there is no such strategy. Absent for the default. */
export function strategyOf({ settings, clock }: SchedulerState, name = settings.strategy): Strategy | undefined {
  const own = settings.strategies[name]
  if (own) return guarded(name, own, () => clock.now(), settings.complain)
  if (name === WEIGHTED_FAIR) return undefined
  const strategy = STRATEGIES[name]
  if (strategy) return strategy
  const names = [WEIGHTED_FAIR, ...Object.keys(STRATEGIES), ...Object.keys(settings.strategies)].join(', ')
  throw new RangeError(`There is no strategy ${name}; there are ${names}.`)
}

function directSpec(schedulerState: SchedulerState, model: string): PoolSpec | undefined {
  const slash = model.indexOf('/')
  const provider = schedulerState.providers.get(model.slice(0, Math.max(slash, 0)))
  const name = model.slice(slash + 1)
  if (!provider || name === '') return undefined
  // What the file says of this model, or else what some pool's route says of it, holds here as well.
  const facts = Object.hasOwn(provider.spec.models ?? {}, name)
    ? provider.spec.models?.[name]
    : [...schedulerState.specs.values()]
        .flatMap(({ routes }) => routes)
        .find((route) => route.provider === provider.spec.name && route.model === name)
  const route = { ...facts, provider: provider.spec.name, model: name, weight: 1, tier: 0, limits: facts?.limits ?? [] }
  return { model, weight: 1, routes: [route], limits: [] }
}

function makeRoom(schedulerState: SchedulerState): void {
  if (++schedulerState.newcomers < TOGETHER) return
  schedulerState.newcomers = 0
  const { pools, providers, specs, estimator } = schedulerState
  const idle = [...pools.values()].filter(
    (pool) => !specs.has(pool.spec.model) && pool.queue.size === 0 && pool.inFlight === 0,
  )
  if (idle.length <= KEPT) return
  const dropped = new Set(idle.sort((a, b) => b.usedAt - a.usedAt).slice(KEPT))
  dropPools([...dropped])
  schedulerState.pools = new Map([...pools].filter(([, pool]) => !dropped.has(pool)))
  const routes = [...dropped].flatMap(({ spec }) => spec.routes)
  const gone = routes.filter(({ provider, model }) => !isDeclared(schedulerState, provider, model))
  for (const [name, models] of Map.groupBy(gone, ({ provider }) => provider)) {
    const names = new Set(models.map(({ model }) => model))
    const provider = providers.get(name)
    if (provider) provider.models = new Map([...provider.models].filter(([model]) => !names.has(model)))
  }
  estimator.forget(new Set(gone.map(({ provider, model }) => `${provider}/${model}`)))
}

/** Does the file name it? What is known of others goes with their pools. */
function isDeclared({ providers, specs }: SchedulerState, provider: string, model: string): boolean {
  if (Object.hasOwn(providers.get(provider)?.spec.models ?? {}, model)) return true
  for (const { routes } of specs.values())
    if (routes.some((route) => route.provider === provider && route.model === model)) return true
  return false
}
