/** `server:` and `scheduler:` with their defaults. */
import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { Path } from '../../definition/error.ts'
import type { Bounds, SchedulerConfig, ServerConfig } from '../config.ts'
import type { ClientList } from './client-list.ts'
import { adminKeys, clientNames } from './clients.ts'
import type { Environment } from '../document/environment.ts'
import type { Written } from './limits.ts'
import { fault, type Fault } from '../problem.ts'
import { bytes, milliseconds } from './quantities.ts'

type Duration = number | string

/**
 * @param written `server:`, checked and filled
 * @param folder of the configuration, which paths in it are relative to
 */
export function serverSettings(
  written: Written = {},
  env: Environment,
  folder: string,
  clients: ClientList,
): ServerConfig {
  const names = new Map([...clientNames(written['api_keys'] ?? env['BALANCED_CALL_API_KEYS'] ?? ''), ...clients.names])
  const data = written['data'] as string | undefined
  const timeouts = (written['timeouts'] ?? {}) as Record<string, Duration | undefined>
  return {
    host: written['host'] as string | undefined,
    port: written['port'] as number | undefined,
    workers: written['workers'] as number | 'auto' | undefined,
    timeouts: {
      connect: milliseconds(timeouts['connect'] ?? '10s'),
      first_byte: milliseconds(timeouts['first_byte'] ?? '5m'),
      idle: milliseconds(timeouts['idle'] ?? '2m'),
      // A reasoning model that does not stream sends nothing until it has thought: 5 to 12 minutes were reported.
      answer: milliseconds(timeouts['answer'] ?? '15m'),
      total: milliseconds(timeouts['total'] ?? 0),
    },
    retries: (written['retries'] as number | undefined) ?? 2,
    retry_share: (written['retry_share'] as number | undefined) ?? 0.1,
    retry_within: milliseconds((written['retry_within'] as Duration | undefined) ?? '2m'),
    hedge: (written['hedge'] as number | undefined) ?? 0,
    bounds: bounds((written['bounds'] ?? {}) as Record<string, Duration | undefined>),
    overload: milliseconds((written['overload'] as Duration | undefined) ?? '2s'),
    client_idle: milliseconds((written['client_idle'] as Duration | undefined) ?? '2m'),
    receive: milliseconds((written['receive'] as Duration | undefined) ?? '2m'),
    media: media((written['media'] ?? {}) as Record<string, Duration | undefined>),
    forward: forward((written['forward'] ?? {}) as Record<string, string[] | undefined>),
    refused_wait: milliseconds((written['refused_wait'] as Duration | undefined) ?? '5s'),
    heartbeat: milliseconds((written['heartbeat'] as Duration | undefined) ?? '15s'),
    usage_in_streams: (written['usage_in_streams'] as ServerConfig['usage_in_streams'] | undefined) ?? 'asked',
    headers: (written['headers'] as ServerConfig['headers'] | undefined) ?? 'full',
    max_body: bytes((written['max_body'] as Duration | undefined) ?? '32MiB'),
    shutdown: milliseconds((written['shutdown'] as Duration | undefined) ?? '30s'),
    api_keys: [...names.keys()],
    client_names: names,
    client_hashes: clients.hashes,
    accesses: clients.accesses,
    admin_keys: adminKeys(written['admin_keys'], env),
    request_log: requestLog(written['request_log'] as Record<string, Duration | undefined> | boolean | undefined),
    cors: (written['cors'] as string[] | undefined) ?? [],
    ui: (written['ui'] as ServerConfig['ui'] | undefined) ?? true,
    ollama: written['ollama'] === true,
    ...(written['hosts'] !== undefined && { hosts: written['hosts'] as string[] }),
    ...(data !== undefined && { data: resolve(folder, data) }),
  }
}

function requestLog(written: Record<string, Duration | undefined> | boolean = {}): ServerConfig['request_log'] {
  if (written === false) return false
  const { days = 30, size = '1024MiB' } = written === true ? {} : written
  return { age: Number(days) * 86_400_000, size: bytes(size) }
}

function bounds(written: Record<string, Duration | undefined>): Bounds {
  return {
    json_depth: Number(written['json_depth'] ?? 128),
    messages: Number(written['messages'] ?? 10_000),
    tools: Number(written['tools'] ?? 1024),
    headers: bytes(written['headers'] ?? '32KiB'),
    bodies: bytes(written['bodies'] ?? '512MiB'),
    event: bytes(written['event'] ?? '64MiB'),
    answer: bytes(written['answer'] ?? '64MiB'),
    connections: Number(written['connections'] ?? 20_000),
  }
}

function media(written: Record<string, Duration | undefined>): ServerConfig['media'] {
  return { size: bytes(written['size'] ?? '20MiB'), timeout: milliseconds(written['timeout'] ?? '20s') }
}

function forward(written: Record<string, string[] | undefined>): ServerConfig['forward'] {
  const lower = (names: string[] = []): string[] => names.map((name) => name.toLowerCase())
  return { request: lower(written['request']), response: lower(written['response']) }
}

/** @param folder of the configuration: a strategy of the user's own is a path relative to it */
export function schedulerSettings(written: Written = {}, folder: string): SchedulerConfig {
  const ttl = written['lease_ttl'] as Duration | undefined
  return {
    strategy: strategyName(written['strategy'], folder) ?? 'weighted-fair',
    max_wait: milliseconds((written['max_wait'] as Duration | undefined) ?? '50s'),
    max_queue: (written['max_queue'] as number | undefined) ?? 10_000,
    fallback_after: milliseconds((written['fallback_after'] as Duration | undefined) ?? 0),
    trust_headers: written['trust_headers'] as boolean | undefined,
    backfill: written['backfill'] as number | undefined,
    lease_ttl: ttl === undefined ? undefined : milliseconds(ttl),
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
