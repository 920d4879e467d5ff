/** Every model that a client may name, its routes, and what is known of each. */
import type { Config } from '../../config/config.ts'
import { directRoute } from '../../config/sections/routes.ts'
import type { RouteSpec } from '../../scheduler/types.ts'

export interface ModelRow {
  model: string
  routes: KnownRoute[]
}

interface KnownRoute {
  provider: string
  /** The upstream's name for it. */
  model: string
  tier: number
  /** Tokens. */
  context?: number
  max_output?: number
  /** `tools`, `vision`, `json_schema`. */
  can: string[]
  /** What the wire format takes for true of it by its name. */
  traits: Readonly<Record<string, unknown>>
}

export function modelRows(config: Config): ModelRow[] {
  const providers = new Map(config.providers.map((provider) => [provider.name, provider]))
  const known = ({ provider, model, tier = 0, capabilities = {} }: RouteSpec): KnownRoute => {
    const { context, max_output } = capabilities
    return {
      provider,
      model,
      tier,
      ...(context !== undefined && { context }),
      ...(max_output !== undefined && { max_output }),
      can: (['tools', 'vision', 'json_schema'] as const).filter((name) => capabilities[name] === true),
      traits: providers.get(provider)?.format.traits(model) ?? {},
    }
  }
  const direct = config.providers.flatMap((provider) =>
    Object.keys(provider.models).map((model) => ({
      model: `${provider.name}/${model}`,
      routes: [known(directRoute(provider, model))],
    })),
  )
  return [...config.models.map(({ model, routes }) => ({ model, routes: routes.map(known) })), ...direct]
}
