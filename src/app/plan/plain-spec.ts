/** What a scheduler is made of, as it can go to another thread: without functions, and without secrets. */
import { isAbsolute } from 'node:path'
import type { SchedulerOptions, SchedulerSpec } from '../../scheduler/scheduler.ts'
import { loadStrategy } from '../../scheduler/select/strategies/index.ts'
import type { KeySpec, PoolSpec, ProviderSpec } from '../../scheduler/types.ts'

export function plainSpec({ providers, pools, options }: SchedulerSpec): SchedulerSpec {
  const told = Object.entries(options).filter(([name, value]) => typeof value !== 'function' && name !== 'strategies')
  return {
    providers: providers.map(plainProvider),
    pools: pools.map(({ model, weight, routes, limits, strategy }): PoolSpec => {
      return { model, weight, routes, limits, ...(strategy !== undefined && { strategy }) }
    }),
    options: Object.fromEntries(told) as SchedulerOptions,
  }
}

function plainProvider(provider: ProviderSpec): ProviderSpec {
  const { name, weight, limits, models, cache_per_key, assumes_output, failures_count } = provider
  const keys = provider.keys.map((key): KeySpec => {
    const { name, weight, account, limits } = key
    return { name, weight, limits, ...(account !== undefined && { account }) }
  })
  return {
    name,
    weight,
    keys,
    limits,
    ...(models && { models }),
    ...(cache_per_key !== undefined && { cache_per_key }),
    ...(assumes_output !== undefined && { assumes_output }),
    ...(failures_count !== undefined && { failures_count }),
  }
}

/** The strategies that it names by their files are loaded again. */
export async function withStrategies(spec: SchedulerSpec): Promise<SchedulerSpec> {
  const names = [spec.options.strategy, ...spec.pools.map(({ strategy }) => strategy)]
  const files = [...new Set(names.filter((name) => name !== undefined && isAbsolute(name)))] as string[]
  const loaded = await Promise.all(files.map(async (file) => [file, await loadStrategy(file)] as const))
  return { ...spec, options: { ...spec.options, strategies: Object.fromEntries(loaded) } }
}
