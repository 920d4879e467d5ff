/** What replicas tell each other of requests that went well: which key knows a prompt's beginning, and what a model really uses. */
import type { LeaseRecord } from '../lease/lease.ts'
import { inputOf } from '../lease/estimator.ts'
import { settleHome } from '../select/affinity.ts'
import type { SchedulerState } from '../state.ts'

/** The key of a route (`provider/model`) that has a beginning in its prompt cache. */
export interface ToldHome {
  /** Public model. */
  model: string
  affinity: string
  route: string
  key: string
}

/** What one request, or the mean of several, used of a route. */
export interface ToldUsage {
  route: string
  client: string
  /** Real input ÷ estimate. */
  ratio: number
  output: number
  /** Share of the input that came from a cache. */
  cached: number
}

export interface Experience {
  homes: ToldHome[]
  usages: ToldUsage[]
}

/** What a request that has ended taught; nothing where it was not answered. */
export function experienceOf({ used, item, pool, keyGroup, keyState }: LeaseRecord): Experience {
  const { request, client } = item
  const homes: ToldHome[] = []
  const usages: ToldUsage[] = []
  if (!used) return { homes, usages }
  const route = keyGroup.name
  if (request.affinity !== undefined && !request.short && keyGroup.provider.spec.cache_per_key)
    homes.push({ model: pool.spec.model, affinity: request.affinity, route, key: keyState.spec.name })
  const estimate = inputOf(request, route)
  if (used.input && used.output !== undefined && estimate > 0) {
    const ratio = Math.min(used.input / estimate, 10)
    usages.push({ route, client: client.name, ratio, output: used.output, cached: (used.cached ?? 0) / used.input })
  }
  return { homes, usages }
}

/** Takes over what another replica tells; names that are not known here are left out. */
export function takeExperience(schedulerState: SchedulerState, { homes, usages }: Experience, now: number): void {
  for (const { model, affinity, route, key } of homes) {
    const pool = schedulerState.pools.get(model)
    const keyGroup = pool?.keyGroups.find(({ name }) => name === route)
    const slot = keyGroup?.provider.keys.findIndex(({ spec }) => spec.name === key) ?? -1
    if (pool && keyGroup && slot >= 0) settleHome(pool.homes, affinity, { keyGroup, slot, warm: true }, now)
  }
  for (const { route, client, ratio, output, cached } of usages)
    schedulerState.estimator.learn(route, client, 1, { input: ratio, output, cached: cached * ratio })
}
