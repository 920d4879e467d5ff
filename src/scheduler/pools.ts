/** Which pool serves a model: those of the configuration, and `provider/model` for direct addressing. */
import { GatewayError } from '../chat/error.ts'
import type { PoolSpec } from './contract.ts'
import { createPool, dropPool } from './pool.ts'
import type { Pool } from './pool.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { Strategy } from './strategies/strategy.ts'
import type { World } from './world.ts'

/** Pools for direct addressing that are kept while nobody uses them: a client may send any name after the slash. */
const KEPT = 200

/** Finds or makes the pool. Throws `unknown_model`. */
export function poolOf(world: World, model: string): Pool {
  const now = world.clock.now()
  let pool = world.pools.get(model)
  if (!pool) {
    const spec = world.specs.get(model) ?? directSpec(world, model)
    if (!spec)
      throw new GatewayError('unknown_model', `The model ${model} does not exist: no provider here serves it.`, {
        param: 'model',
      })
    pool = createPool(spec, world.providers, strategyOf(world, spec.strategy), world.toWall, now)
    if (!world.specs.has(model)) makeRoom(world)
    world.pools.set(model, pool)
  }
  pool.usedAt = now
  return pool
}

/** Throws a RangeError that lists the names when there is no such strategy. Absent for the default. */
export function strategyOf(world: World, name = world.settings.strategy): Strategy | undefined {
  const strategy = world.settings.strategies[name] ?? STRATEGIES[name]
  if (!strategy) {
    const names = [...Object.keys(STRATEGIES), ...Object.keys(world.settings.strategies)].join(', ')
    throw new RangeError(`There is no strategy ${name}; there are ${names}.`)
  }
  return strategy === STRATEGIES['weighted-fair'] ? undefined : strategy
}

function directSpec(world: World, model: string): PoolSpec | undefined {
  const slash = model.indexOf('/')
  const provider = world.providers.get(model.slice(0, Math.max(slash, 0)))
  const name = model.slice(slash + 1)
  if (!provider || name === '') return undefined
  const facts = provider.spec.models?.[name]
  if (facts) {
    return {
      model,
      weight: 1,
      routes: [{ provider: provider.spec.name, model: name, weight: 1, tier: 0, limits: [], ...facts }],
      limits: [],
    }
  }
  // What some pool's route says of this model holds here as well.
  const route = [...world.specs.values()]
    .flatMap(({ routes }) => routes)
    .find((route) => route.provider === provider.spec.name && route.model === name)
  return {
    model,
    weight: 1,
    routes: [{ limits: [], ...route, provider: provider.spec.name, model: name, weight: 1, tier: 0 }],
    limits: [],
  }
}

function makeRoom(world: World): void {
  const idle = [...world.pools.values()].filter(
    (pool) => !world.specs.has(pool.spec.model) && pool.queue.size === 0 && pool.inFlight === 0,
  )
  if (idle.length < KEPT) return
  const oldest = idle.reduce((a, b) => (a.usedAt <= b.usedAt ? a : b))
  dropPool(oldest)
  world.pools.delete(oldest.spec.model)
}
