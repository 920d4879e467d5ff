/** `state:` with its defaults. */
import type { StateConfig } from '../config.ts'
import type { Environment } from '../document/environment.ts'
import type { Written } from './limits.ts'
import { milliseconds } from './quantities.ts'

export const STATE_URL = 'BALANCED_CALL_STATE_URL'

/** As the schema has it. */
export function isStateUrl(text: string | undefined): text is string {
  return text !== undefined && /^(redis|valkey)s?:\/\//.test(text) && URL.canParse(text)
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
