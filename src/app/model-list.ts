/** Which models a client may name: public ones first, then every upstream model that the configuration knows. */
import type { PublicModel } from '../api/routes/models.ts'
import type { Config } from '../config/config.ts'

export function listModels(config: Config): PublicModel[] {
  const owners = new Map<string, string>()
  for (const pool of config.models) owners.set(pool.model, 'balanced-call')
  for (const provider of config.providers) {
    for (const model of Object.keys(provider.models)) owners.set(`${provider.name}/${model}`, provider.name)
  }
  for (const pool of config.models) {
    for (const route of pool.routes) owners.set(`${route.provider}/${route.model}`, route.provider)
  }
  return [...owners].map(([id, owned_by]) => ({ id, owned_by }))
}
