/** `server:` and `scheduler:` with their defaults. */
import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { Path } from '../definition/error.ts'
import type { SchedulerConfig, ServerConfig } from './config.ts'
import type { Environment } from './environment.ts'
import type { Written } from './limits.ts'
import { fault, type Fault } from './problem.ts'
import { bytes, milliseconds } from './quantities.ts'

type Duration = number | string

/** @param written `server:`, checked and filled */
export function serverSettings(written: Written = {}, env: Environment): ServerConfig {
  const timeouts = (written['timeouts'] ?? {}) as Record<string, Duration | undefined>
  return {
    host: written['host'] as string | undefined,
    port: written['port'] as number | undefined,
    timeouts: {
      connect: milliseconds(timeouts['connect'] ?? '10s'),
      // A reasoning model that does not stream sends nothing until it has thought; official SDKs wait 10 minutes.
      first_byte: milliseconds(timeouts['first_byte'] ?? '5m'),
      idle: milliseconds(timeouts['idle'] ?? '2m'),
      total: milliseconds(timeouts['total'] ?? 0),
    },
    retries: (written['retries'] as number | undefined) ?? 2,
    refused_wait: milliseconds((written['refused_wait'] as Duration | undefined) ?? '5s'),
    heartbeat: milliseconds((written['heartbeat'] as Duration | undefined) ?? '15s'),
    max_body: bytes((written['max_body'] as Duration | undefined) ?? '32MiB'),
    shutdown: milliseconds((written['shutdown'] as Duration | undefined) ?? '30s'),
    api_keys: clientKeys(written['api_keys'] ?? env['BALANCED_CALL_API_KEYS'] ?? ''),
  }
}

function clientKeys(written: unknown): string[] {
  const texts = (Array.isArray(written) ? written : [written]) as string[]
  return texts.flatMap((text) => text.split(',')).flatMap((text) => text.trim() || [])
}

/** @param folder of the configuration: a strategy of the user's own is a path relative to it */
export function schedulerSettings(written: Written = {}, folder: string): SchedulerConfig {
  return {
    strategy: strategyName(written['strategy'], folder) ?? 'weighted-fair',
    max_wait: milliseconds((written['max_wait'] as Duration | undefined) ?? '50s'),
    max_queue: (written['max_queue'] as number | undefined) ?? 10_000,
    fallback_after: milliseconds((written['fallback_after'] as Duration | undefined) ?? 0),
  }
}

/** A shipped strategy by name, or the absolute path of one's own. */
export function strategyName(written: unknown, folder: string): string | undefined {
  if (typeof written !== 'string' || !/[./\\]/.test(written)) return written as string | undefined
  return isAbsolute(written) ? written : resolve(folder, written)
}

/** A strategy of one's own must be there. */
export function checkStrategy(written: unknown, folder: string, path: Path, report: (fault: Fault) => void): void {
  const name = strategyName(written, folder)
  if (name !== undefined && name !== written && !existsSync(name))
    report(fault(path, `there is no file ${String(written)}`))
}
