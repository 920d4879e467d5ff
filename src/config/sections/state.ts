/** `state:` with its defaults. */
import type { StateConfig } from '../config.ts'
import { readServersUrl } from '../../runtime/servers-url.ts'
import type { Environment } from '../document/environment.ts'
import type { Written } from './limits.ts'
import { milliseconds } from './quantities.ts'

export const STATE_URL = 'BALANCED_CALL_STATE_URL'

export const NO_STATE_URL =
  'it names no server: redis://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT; ' +
  'the number of a database goes last (redis://HOST:PORT/1; a cluster has none but 0); ' +
  'characters such as @ and / in a password are written as %40, %2F'

/** As the schema has it, and one that can be read. */
export function isStateUrl(text: string | undefined): text is string {
  if (text === undefined || !/^(redis|valkey)s?(\+(sentinel|cluster))?:\/\//.test(text)) return false
  const servers = readServersUrl(text)
  if (!servers) return false
  const { kind, path, hosts } = servers
  // Behind the name that Sentinels know.
  const numbers = kind === 'sentinel' ? path.slice(1) : path
  if (numbers.length > 1 || numbers.some((each) => !/^\d{1,9}$/.test(each))) return false
  if (kind === 'cluster') return Number(numbers[0] ?? 0) === 0
  return kind === 'sentinel' ? path.length > 0 : hosts.length === 1
}

/** @param written `state:`, checked and filled; undefined where no server is named */
export function stateSettings(written: Written, env: Environment): StateConfig | undefined {
  const fromEnv = env[STATE_URL]
  const url = (written['url'] as string | undefined) ?? (isStateUrl(fromEnv) ? fromEnv : undefined)
  if (!url) return undefined
  return {
    url,
    prefix: (written['prefix'] as string | undefined) ?? 'balanced-call',
    timeout: milliseconds((written['timeout'] as number | string | undefined) ?? '50ms'),
    on_loss: (written['on_loss'] as StateConfig['on_loss'] | undefined) ?? 'share',
    replicas: (written['replicas'] as number | undefined) ?? 1,
  }
}
