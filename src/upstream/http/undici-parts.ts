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

const part = <Part>(name: string): (() => Part) => onDemand<Part>(`undici/lib/${name}.js`, import.meta.url)

export const pool = part<typeof PoolClass>('dispatcher/pool')
export const connector = part<typeof BuildConnector>('core/connect')
export const errors = part<typeof Errors>('core/errors')

const whole = onDemand<{ EnvHttpProxyAgent: typeof ProxyAgent }>('undici', import.meta.url)

/** It calls methods that only the whole adds to its clients. */
export const proxyAgent = (): typeof ProxyAgent => whole().EnvHttpProxyAgent
