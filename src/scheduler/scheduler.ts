/** Which key, and when: the scheduler put together. */
import { GatewayError } from '../chat/error.ts'
import type { Clock } from './clock.ts'
import { realClock } from './clock.ts'
import type { AcquireRequest, Lease, PoolSpec, ProviderSpec, RouteSpec, Scheduler } from './contract.ts'
import type { SchedulerOptions } from './options.ts'

export type { Clock } from './clock.ts'
export type { ClientSpec, SchedulerOptions } from './options.ts'

export interface SchedulerSpec {
  providers: ProviderSpec[]
  pools: PoolSpec[]
  options: SchedulerOptions
}

interface Candidate {
  route: RouteSpec
  key: string
  weight: number
  load: number
}

/** Makes the scheduler of one process. `clock` and `random` are given by tests and plans. */
export function createScheduler(
  spec: SchedulerSpec,
  clock: Clock = realClock,
  _random: () => number = Math.random,
): Scheduler {
  const providers = new Map(spec.providers.map((provider) => [provider.name, provider]))
  const pools = new Map(spec.pools.map((pool) => [pool.model, candidatesOf(pool.routes)]))
  let inFlight = 0

  function candidatesOf(routes: RouteSpec[]): Candidate[] {
    return routes.flatMap((route) => {
      const provider = providers.get(route.provider)
      return (provider?.keys ?? []).map((key) => ({
        route,
        key: key.name,
        weight: key.weight * route.weight * (provider?.weight ?? 1),
        load: 0,
      }))
    })
  }

  function poolOf(model: string): Candidate[] {
    let pool = pools.get(model)
    const slash = model.indexOf('/')
    if (!pool && slash > 0 && providers.has(model.slice(0, slash))) {
      const route = { provider: model.slice(0, slash), model: model.slice(slash + 1), weight: 1, tier: 0, limits: [] }
      pool = candidatesOf([route])
      pools.set(model, pool)
    }
    if (!pool) throw new GatewayError('unknown_model', `No model ${model} is configured.`)
    return pool
  }

  async function acquire(request: AcquireRequest): Promise<Lease> {
    let best: Candidate | undefined
    for (const candidate of poolOf(request.model)) {
      if (request.exclude?.has(idOf(candidate))) continue
      if (!best || candidate.load / candidate.weight < best.load / best.weight) best = candidate
    }
    if (!best) throw new GatewayError('queue_full', `No key for ${request.model} is left.`, { retryAfter: 1000 })
    const chosen = best
    chosen.load++
    inFlight++
    let open = true
    const end = () => {
      if (open) inFlight--
      open = false
    }
    return {
      provider: chosen.route.provider,
      model: chosen.route.model,
      key: chosen.key,
      id: idOf(chosen),
      waited: request.waited ?? 0,
      explain: () => [],
      started: () => {},
      observe: () => {},
      settle: end,
      fail: end,
    }
  }

  void clock
  return {
    acquire,
    report: () => ({ inFlight, queued: 0, scopes: [], keys: [], pools: [] }),
    close: () => {},
  }
}

function idOf(candidate: Candidate): string {
  return `${candidate.route.provider}/${candidate.route.model}#${candidate.key}`
}
