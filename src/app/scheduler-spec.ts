/** What the configuration says of keys, models and waiting, as the scheduler takes it. */
import { isAbsolute } from 'node:path'
import type { Config, ModelInfo, Provider } from '../config/config.ts'
import { ConfigError } from '../config/problem.ts'
import type { ModelFacts, ProviderSpec } from '../scheduler/types.ts'
import type { SchedulerOptions, SchedulerSpec } from '../scheduler/scheduler.ts'
import { isSandbox } from './sandbox-fallback.ts'
import { loadStrategy } from '../scheduler/select/strategies/index.ts'
import type { Strategy } from '../scheduler/select/strategies/strategy.ts'

/** Milliseconds beyond the longest a request may take; an hour where that is not bounded. */
const GRACE = 60_000
const UNBOUNDED = 3_600_000

/**
 * Loads the strategies that the configuration names by path. Throws a ConfigError for a file that is none.
 * @param told who hears of strategies that fail later, and of tries that do
 */
export async function schedulerSpec(
  config: Config,
  told: Pick<SchedulerOptions, 'complain' | 'faulted'> = {},
): Promise<SchedulerSpec> {
  const { total } = config.server.timeouts
  const names = [config.scheduler.strategy, ...config.models.map((pool) => pool.strategy)]
  const files = new Set(names.flatMap((name) => (name !== undefined && isAbsolute(name) ? name : [])))
  const loaded = await Promise.all([...files].map(async (file) => [file, await load(file)] as const))
  return {
    providers: config.providers.map(providerSpec),
    pools: config.models,
    options: {
      ...config.scheduler,
      lease_ttl: config.scheduler.lease_ttl ?? (total > 0 ? total + GRACE : UNBOUNDED),
      strategies: Object.fromEntries(loaded),
      ...told,
    },
  }
}

async function load(file: string): Promise<Strategy> {
  try {
    return await loadStrategy(file)
  } catch (cause) {
    const message = `this is not a strategy: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ConfigError([{ file, line: 1, column: 1, message, excerpt: '' }])
  }
}

function providerSpec(provider: Provider): ProviderSpec {
  const models = Object.entries(provider.models).map(([name, info]) => [name, factsOf(info)] as const)
  return { ...provider, models: Object.fromEntries(models), staged: isSandbox(provider) }
}

/** Without keys for what the file does not say: laid over a route, an undefined limit would take the route's own away. */
function factsOf({ limits, price, ...capabilities }: ModelInfo): ModelFacts {
  return { ...(limits && { limits }), ...(price && { price }), capabilities }
}
