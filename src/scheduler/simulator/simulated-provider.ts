/** The providers of a configuration as they would enforce it: each limit once for each scope that owns it. */
import type { KeySpec, LimitScope, LimitSpec, PoolSpec, ProviderSpec, RouteSpec } from '../types.ts'
import { calendarFrame, periodicFrame } from '../limits/calendar.ts'
import type { Random } from './chance.ts'
import type { Enforcement } from './enforcement.ts'
import { bucket, calendarWindow, concurrency, fixedWindow, slidingWindow } from './enforcement.ts'
import type { EnforcedLimit, UpstreamKey } from './upstream.ts'

export interface UpstreamBehaviour {
  /** Median milliseconds to the first byte. */
  firstByte: number
  tokensPerSecond: number
}

/** How providers differ from what is declared; as declared when absent. */
export interface World {
  /** What is enforced of each limit, as a share of what is declared. */
  limits?: number
  /** Headers tell nothing, and refusals say no more than that they are. */
  bare?: boolean
  /** Requests of a minute or an hour are admitted a second at a time. */
  seconds?: boolean
  /** Tokens that every provider reserves for an answer without a maximum; else those that it is known to. */
  reserves?: number
}

export interface SimulationContext {
  behaviour: UpstreamBehaviour
  world?: World
  /** Wall-clock time at the virtual clock's zero, for calendar windows. */
  epoch: number
  /** Says when the fixed windows begin, which no configuration knows. */
  random: Random
}

/** Limits of public models and of clients are the gateway's own; neurons are known to the provider alone. */
const NOT_ENFORCED = new Set<LimitScope>(['model', 'client'])

/** One upstream key for each key of each route, as leases name them; scopes that are shared share their limits. */
export function simulateProviders(
  providers: readonly ProviderSpec[],
  pool: PoolSpec,
  context: SimulationContext,
): UpstreamKey[] {
  const owned = new Map<string, EnforcedLimit>()
  const keys: UpstreamKey[] = []
  for (const route of pool.routes) {
    const provider = providers.find(({ name }) => name === route.provider)
    for (const key of provider?.keys ?? []) {
      if (provider) keys.push(upstreamOf(provider, route, key, owned, context))
    }
  }
  return keys
}

function upstreamOf(
  provider: ProviderSpec,
  route: RouteSpec,
  key: KeySpec,
  owned: Map<string, EnforcedLimit>,
  context: SimulationContext,
): UpstreamKey {
  const limits = new Map<string, EnforcedLimit>()
  const add = (spec: LimitSpec, usual: LimitScope): void => {
    const scope = spec.scope ?? usual
    if (NOT_ENFORCED.has(scope) || spec.metric === 'neurons') return
    const slot = `${spec.metric}/${spec.period}`
    const name = `${ownerOf(scope, provider, route, key)} ${slot} ${spec.amount}`
    const limit = owned.get(name) ?? enforced(spec, route, context)
    owned.set(name, limit)
    limits.set(name, limit)
  }
  for (const spec of key.limits) add(spec, 'key')
  for (const spec of route.limits) add(spec, 'account-model')
  for (const spec of provider.limits) add(spec, 'account')
  return {
    id: `${provider.name}/${route.model}#${key.name}`,
    provider: provider.name,
    limits: [...limits.values()],
    ...context.behaviour,
    assumes: context.world?.reserves ?? provider.assumes_output,
    headers: !context.world?.bare,
    retryAfter: !context.world?.bare,
    dead: false,
    slowness: 1,
    served: 0,
    refused: 0,
  }
}

function ownerOf(scope: LimitScope, provider: ProviderSpec, route: RouteSpec, key: KeySpec): string {
  const account = `${provider.name} account ${key.account ?? key.name}`
  switch (scope) {
    case 'provider':
      return provider.name
    case 'account':
      return account
    case 'account-model':
      return `${account} ${route.model}`
    case 'key-model':
      return `${key.name} ${route.model}`
    default:
      return key.name
  }
}

function enforced(declared: LimitSpec, route: RouteSpec, context: SimulationContext): EnforcedLimit {
  const spec = inWorld(declared, context.world)
  const { metric, period } = spec
  // Output is counted as it comes, where nobody says that the maximum is reserved.
  const charge = spec.charge ?? (metric === 'output' ? 'predicted' : 'reserve-max')
  return { metric, period, charge, price: route.price, enforcement: shaped(spec, context), used: 0 }
}

const SECOND = 1000
/** Of longer windows nobody enforces single seconds. */
const LONGEST_IN_SECONDS = 3_600_000

/** The limit as it is enforced. */
function inWorld(spec: LimitSpec, { limits = 1, seconds = false }: World = {}): LimitSpec {
  const { metric, period } = spec
  const whole = metric === 'requests' || metric === 'concurrency'
  const amount = whole ? Math.max(1, Math.floor(spec.amount * limits)) : spec.amount * limits
  const changed = { ...spec, amount, ...(spec.burst !== undefined && { burst: spec.burst * limits }) }
  if (!seconds || metric !== 'requests' || period <= SECOND || period > LONGEST_IN_SECONDS) return changed
  return { ...changed, shape: 'bucket', resets: undefined, burst: Math.max(1, (amount * SECOND) / period) }
}

function shaped(spec: LimitSpec, { epoch, random }: SimulationContext): Enforcement {
  const { metric, amount, period, shape, resets, burst } = spec
  if (metric === 'concurrency') return concurrency(amount)
  if (resets) return calendarWindow(amount, calendarFrame(resets), epoch)
  if (shape === 'calendar') return calendarWindow(amount, periodicFrame(period, 0), epoch)
  if (shape === 'bucket') return bucket(amount, period, burst)
  return shape === 'fixed' ? fixedWindow(amount, period, random() * period) : slidingWindow(amount, period)
}
