/**
 * Where the server of a file listens and who administers it, also where the file is bad elsewhere: the configuration of before is served
 * then, and somebody has to look at it, take a key back, or be told what is refused.
 */
import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { isMap } from '../definition/scope.ts'
import { fillValue, type Environment } from './document/environment.ts'
import { loadConfig } from './load.ts'
import { ConfigError } from './problem.ts'
import { adminKeys } from './sections/clients.ts'

export interface ServerPlace {
  port: number | undefined
  host: string | undefined
  adminKeys: readonly string[]
  /** What is wrong with the file. */
  fault?: ConfigError
}

export function serverPlace(file: string, env: Environment): ServerPlace {
  try {
    const { server } = loadConfig(file, env)
    return { port: server.port, host: server.host, adminKeys: server.admin_keys }
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
    const server = serverSection(file, env)
    const { port, host, admin_keys: keys } = server
    const isText = (value: unknown): value is string => typeof value === 'string'
    return {
      port: Number.isInteger(Number(port ?? 'none')) ? Number(port) : undefined,
      host: isText(host) ? host : undefined,
      adminKeys: adminKeys(isText(keys) || (Array.isArray(keys) && keys.every(isText)) ? keys : undefined, env),
      fault,
    }
  }
}

/** What can be read of it; a file that is no YAML says nothing. */
function serverSection(file: string, env: Environment): Record<string, unknown> {
  try {
    const root: unknown = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: false }).toJS({ maxAliasCount: 100 })
    const server = isMap(root) ? fillValue(root['server'], env, ['server'], [], new Set()) : undefined
    return isMap(server) ? server : {}
  } catch {
    return {}
  }
}
