/** `models:` → pools of routes to live providers. */
import type { Path } from '../../definition/error.ts'
import type { RouteSpec } from '../../scheduler/types.ts'
import type { Provider, PublicModel } from '../config.ts'
import { readLimits, readModelLimits, type Written } from './limits.ts'
import { fault, type Fault } from '../problem.ts'
import { readCapabilities } from './providers.ts'
import { isChatModel, mixedEmbeddings } from './model-purpose.ts'
import { checkStrategy, strategyName } from './settings.ts'

/** Providers that a message names at most. */
const MOST_NAMED = 50

export interface RouteContext {
  live: ReadonlyMap<string, Provider>
  /** All that the file declares, live or not. */
  declared: ReadonlySet<string>
  /** What an unknown provider's name may have been meant to be, in words; empty where nobody will read it. */
  hint: (provider: string) => string
  folder: string
  report: (fault: Fault) => void
}

/** One public model; nothing when no live provider serves it. @param written checked and filled */
export function readPublicModel(model: string, written: unknown, context: RouteContext): PublicModel | undefined {
  const path: Path = ['models', model]
  const full = typeof written === 'object' && !Array.isArray(written) ? (written as Written) : undefined
  const list = full ? full['routes'] : written
  const routesPath = full ? [...path, 'routes'] : path
  const routes = Array.isArray(list)
    ? list.flatMap((route, index) => readRoute(route, [...routesPath, index], context) ?? [])
    : [readRoute(list, routesPath, context) ?? []].flat()
  const mixed = mixedEmbeddings(routes)
  if (mixed !== undefined) context.report(fault(routesPath, mixed))
  const limits = readLimits(full?.['limits'], 'model', [...path, 'limits'], context.report)
  checkStrategy(full?.['strategy'], context.folder, [...path, 'strategy'], context.report)
  if (routes.length === 0) return undefined
  const pool: PublicModel = { model, weight: (full?.['weight'] as number | undefined) ?? 1, routes, limits }
  const strategy = strategyName(full?.['strategy'], context.folder)
  if (strategy !== undefined) pool.strategy = strategy
  if (full?.['resume'] !== undefined) pool.resume = full['resume'] as boolean
  if (full?.['on'] !== undefined) pool.on = full['on'] as PublicModel['on']
  return pool
}

/** `auto`: every route that any public model has, and every model that a provider lists, each once, where it chats. */
export function anyModel(models: PublicModel[], providers: Provider[]): PublicModel | undefined {
  const routes = new Map<string, RouteSpec>()
  const offer = (route: RouteSpec): void => {
    const id = `${route.provider}/${route.model}`
    if (!routes.has(id) && isChatModel(route.model)) routes.set(id, route)
  }
  // a model's weight counts where models compete: the predecessor divided load by model weight × key weight
  for (const pool of models) for (const route of pool.routes) offer({ ...route, weight: route.weight * pool.weight })
  for (const provider of providers)
    for (const model of Object.keys(provider.models)) offer(directRoute(provider, model))
  return routes.size === 0 ? undefined : { model: 'auto', weight: 1, routes: [...routes.values()], limits: [] }
}

/** The route of `provider/model`, with what the provider's `models:` says of it. */
export function directRoute(provider: Provider, model: string): RouteSpec {
  const {
    limits = [],
    price,
    ...capabilities
  } = (Object.hasOwn(provider.models, model) ? provider.models[model] : undefined) ?? {}
  const route: RouteSpec = { provider: provider.name, model, weight: 1, tier: 0, limits }
  if (Object.keys(capabilities).length > 0) route.capabilities = capabilities
  if (price) route.price = price
  return route
}

function readRoute(written: unknown, path: Path, context: RouteContext): RouteSpec | undefined {
  const full = typeof written === 'string' ? {} : (written as Written)
  const target = typeof written === 'string' ? written : (full['to'] as string)
  const targetPath = typeof written === 'string' ? path : [...path, 'to']
  const limits = readModelLimits(full['limits'], [...path, 'limits'], context.report)
  const slash = target.indexOf('/')
  const name = slash < 0 ? target : target.slice(0, slash)
  const model = slash < 0 ? '' : target.slice(slash + 1)
  if (!context.declared.has(name) || model === '') {
    context.report(fault(targetPath, routeFault(name, model, context)))
    return undefined
  }
  const provider = context.live.get(name)
  if (!provider) return undefined
  const route = directRoute(provider, model)
  const capabilities = { ...route.capabilities, ...readCapabilities((full['capabilities'] ?? {}) as Written) }
  if (Object.keys(capabilities).length > 0) route.capabilities = capabilities
  if (full['price'] !== undefined) route.price = full['price'] as RouteSpec['price']
  return {
    ...route,
    weight: (full['weight'] as number | undefined) ?? 1,
    tier: (full['tier'] as number | undefined) ?? 0,
    limits: [...route.limits, ...limits],
  }
}

function routeFault(name: string, model: string, { declared, hint: hintFor }: RouteContext): string {
  if (declared.has(name)) return `expected provider/upstream-model; which model of ${name}?`
  const hint = hintFor(name)
  const [first = 'openai'] = declared
  if (model === '' && hint === '') return `expected provider/upstream-model, such as ${first}/${name}`
  return `unknown provider ${name}${hint === '' ? `; there are ${few([...declared.keys().take(MOST_NAMED)], declared.size)}` : hint}`
}

function few(names: string[], all: number): string {
  if (all === 0) return 'none'
  return all > names.length ? `${names.join(', ')} and ${all - names.length} more` : names.join(', ')
}
