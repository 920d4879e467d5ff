/**
 * What is used of undici, part by part: whoever imports the whole gets fetch, WebSocket, caches and mocks besides, which take 14 MB and
 * half of its time to load.
 */
import type {
  buildConnector as BuildConnector,
  EnvHttpProxyAgent as ProxyAgent,
  errors as Errors,
  Pool as PoolClass,
} from 'undici'
import { onDemand } from '../../runtime/modules.ts'

interface Undici {
  Pool: typeof PoolClass
  buildConnector: typeof BuildConnector
  errors: typeof Errors
  EnvHttpProxyAgent: typeof ProxyAgent
}

const whole = onDemand<Undici>('undici', import.meta.url)

/** Where its files are is no promise of its: a version that has moved one is loaded whole. */
function part<Name extends keyof Undici>(name: Name, file: string): () => Undici[Name] {
  const own = onDemand<Undici[Name]>(`undici/lib/${file}.js`, import.meta.url)
  let found: Undici[Name] | undefined
  return () => (found ??= attempt(own) ?? whole()[name])
}

function attempt<Part>(load: () => Part): Part | undefined {
  try {
    return load()
  } catch {
    return undefined
  }
}

export const pool = part('Pool', 'dispatcher/pool')
export const connector = part('buildConnector', 'core/connect')
export const errors = part('errors', 'core/errors')

/** It calls methods that only the whole adds to its clients. */
export const proxyAgent = (): typeof ProxyAgent => whole().EnvHttpProxyAgent
