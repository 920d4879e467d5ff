/** Calls the server that this configuration starts, as an administrator. */
import { existsSync } from 'node:fs'
import { serverPlace } from '../config/server-place.ts'
import { configFile, readPort, UsageError } from './command-line.ts'
import { envFileOf, readEnvFile } from './env-file.ts'

export const ADMIN_OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  key: { type: 'string' },
  env: { type: 'string' },
  json: { type: 'boolean' },
} as const

export interface AdminValues {
  config?: string
  port?: string
  host?: string
  key?: string
  env?: string
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface AdminClient {
  origin: string
  /** The status and the JSON of the answer, which is what the route says that it is. Throws a UsageError where nobody answers, or something else does. */
  ask<T extends object>(path: string, method?: Method, body?: object): Promise<{ status: number; body: T }>
}

/** Milliseconds: a reload with many workers takes a while. */
const PATIENCE = 60_000

/**
 * Throws a ConfigError where the file that was named is not there.
 * @param note hears that the file is bad: the server may serve the one of before
 */
export function adminClient(values: AdminValues, note: (text: string) => void = console.error): AdminClient {
  const environment = { ...readEnvFile(envFileOf(values.env)), ...process.env }
  const file = configFile(values.config)
  const place = serverPlace(file, environment)
  if (place.fault && !existsSync(file)) throw place.fault
  const port = readPort(values.port ?? process.env['PORT'] ?? String(place.port ?? 9000))
  const host = values.host ?? process.env['HOST'] ?? place.host ?? '127.0.0.1'
  const called = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const origin = `http://${called.includes(':') ? `[${called}]` : called}:${port}`
  const key = values.key ?? place.adminKeys[0]
  if (place.fault)
    note(`${file} has faults, which balanced-call check shows: what ${origin} has now is of the file before`)
  return {
    origin,
    async ask<T extends object>(path: string, method: Method = 'GET', sent?: object) {
      let response: Response
      try {
        response = await fetch(origin + path, {
          method,
          headers: {
            ...(key !== undefined && { authorization: `Bearer ${key}` }),
            ...(sent && { 'content-type': 'application/json' }),
          },
          ...(sent && { body: JSON.stringify(sent) }),
          signal: AbortSignal.timeout(PATIENCE),
        })
      } catch (cause) {
        throw new UsageError(
          `nobody answers on ${origin}: start it with "balanced-call serve", or say --host and --port`,
          {
            cause,
          },
        )
      }
      const body: unknown = await response.json().catch(() => undefined)
      if (typeof body !== 'object' || body === null)
        throw new UsageError(`something else answers on ${origin}: say another --port`)
      const { error } = body as { error?: { message?: string; code?: string } }
      if (response.status === 401 || error?.code === 'admin_key_required')
        throw new UsageError(`${origin} wants an administrator's key: --key, or BALANCED_CALL_ADMIN_KEYS here as there`)
      if (response.status === 403) throw new UsageError(`${origin}: ${error?.message ?? 'it refuses'}`)
      return { status: response.status, body: body as T }
    },
  }
}

/** The answer's JSON. Throws a UsageError with what the server says against it. */
export async function askedOf<T extends object>(
  { ask, origin }: AdminClient,
  ...call: Parameters<AdminClient['ask']>
): Promise<T> {
  const { status, body } = await ask<T & { error?: { message?: string } }>(...call)
  if (status >= 400) throw new UsageError(body.error?.message ?? `${origin} refuses: ${JSON.stringify(body)}`)
  return body
}
