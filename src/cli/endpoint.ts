/** Where this server is, or will be, and with which key and models a tool on this machine calls it. */
import type { Endpoint } from '../agents/agent.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { chatPools } from '../config/sections/model-purpose.ts'
import { standAside } from '../app/sandbox-fallback.ts'
import { configFile, readPort, UsageError } from './command-line.ts'

export const ENDPOINT_OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  key: { type: 'string' },
  model: { type: 'string' },
  'small-model': { type: 'string' },
} as const

export type EndpointValues = { [name in keyof typeof ENDPOINT_OPTIONS]?: string }

export interface Located {
  config: Config
  endpoint: Endpoint
  host: string
  port: number
}

/** Throws a UsageError where neither the configuration nor the command line names a model. */
export function readEndpoint(values: EndpointValues): Located {
  const config = standAside(loadConfig(configFile(values.config), process.env))
  const port = readPort(values.port ?? process.env['PORT'] ?? String(config.server.port ?? 9000))
  const host = values.host ?? process.env['HOST'] ?? config.server.host ?? '127.0.0.1'
  const [first, second] = chatPools(config.models)
  const model = values.model ?? first
  if (model === undefined) throw new UsageError('the configuration has no models: name one with --model PROVIDER/MODEL')
  const called = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const origin = `http://${called.includes(':') ? `[${called}]` : called}:${port}`
  const key = values.key ?? config.server.api_keys[0] ?? 'any'
  return { config, host, port, endpoint: { origin, key, model, smallModel: values['small-model'] ?? second ?? model } }
}
