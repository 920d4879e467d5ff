/** The embedded upstream invents its answers: it stands aside from the public models as soon as a real provider is live. */
import type { Config, Provider } from '../config/config.ts'

/** The base URL that means the embedded upstream, wherever it listens. */
const SANDBOX_URL = 'sandbox:'

export function isSandbox(provider: Provider): boolean {
  return provider.base_url.startsWith(SANDBOX_URL)
}

export function standAside(config: Config): Config {
  const embedded = new Set(config.providers.filter(isSandbox).map((provider) => provider.name))
  if (embedded.size === 0 || embedded.size === config.providers.length) return config
  const models = config.models
    .map((pool) => ({ ...pool, routes: pool.routes.filter((route) => !embedded.has(route.provider)) }))
    .filter((pool) => pool.routes.length > 0)
  const reason = 'it invents its answers, and real providers are live'
  return {
    ...config,
    models,
    providers: config.providers.filter((provider) => !embedded.has(provider.name)),
    leftOut: [...config.leftOut, ...[...embedded].map((name) => ({ name, reason }))],
  }
}

/** The embedded upstream is started for the occasion. */
export async function startProvider(provider: Provider): Promise<{ provider: Provider; close(): Promise<void> }> {
  if (!isSandbox(provider)) return { provider, close: async () => {} }
  const { startSandbox } = await import('../sandbox/sandbox.ts')
  const sandbox = await startSandbox({ first_byte: 0, pace: 0 })
  return { provider: { ...provider, base_url: `${sandbox.url}/v1` }, close: () => sandbox.close() }
}
