/** Which models a client may name: public ones first, then every upstream model that the configuration knows. */
import type { PublicModel } from '../api/routes/models.ts'
import type { Config } from '../config/config.ts'
import { isEmbeddingModel } from '../config/sections/model-purpose.ts'
import type { Capabilities, RouteSpec } from '../scheduler/types.ts'

type Routes = readonly Pick<RouteSpec, 'provider' | 'model'>[]

export function listModels(config: Config): PublicModel[] {
  const owners = new Map<string, { owner: string; routes: Routes }>()
  for (const pool of config.models) owners.set(pool.model, { owner: 'balanced-call', routes: pool.routes })
  const add = (provider: string, model: string): void =>
    void owners.set(`${provider}/${model}`, { owner: provider, routes: [{ provider, model }] })
  for (const provider of config.providers) for (const model of Object.keys(provider.models)) add(provider.name, model)
  for (const pool of config.models) for (const route of pool.routes) add(route.provider, route.model)
  const providers = new Map(config.providers.map((provider) => [provider.name, provider]))
  return [...owners].map(([id, { owner, routes }]) => ({
    id,
    owned_by: owner,
    ...(routes.every(({ model }) => isEmbeddingModel(model)) && { gives: 'vectors' as const }),
    capabilities: best(routes.map(({ provider, model }) => providers.get(provider)?.models[model] ?? {})),
  }))
}

/** The scheduler gives a request to a route that can what it needs: one is enough. */
function best(all: readonly Capabilities[]): Capabilities {
  const isDenied = (name: 'tools' | 'vision'): boolean => all.length > 0 && all.every((each) => each[name] === false)
  const contexts = all.flatMap(({ context }) => context ?? [])
  return {
    ...(isDenied('tools') && { tools: false }),
    ...(isDenied('vision') && { vision: false }),
    ...(contexts.length > 0 && { context: Math.max(...contexts) }),
  }
}
