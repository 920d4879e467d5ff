/** `database:` with its defaults. */
import type { DatabaseConfig } from '../config.ts'
import type { Environment } from '../document/environment.ts'
import type { Written } from './limits.ts'

export const DATABASE_URL = 'BALANCED_CALL_DATABASE_URL'

/** As the schema has it. */
export function isDatabaseUrl(text: string | undefined): text is string {
  return text !== undefined && /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
}

/** @param written `database:`, checked and filled; undefined where no server is named */
export function databaseSettings(written: Written, env: Environment): DatabaseConfig | undefined {
  const fromEnv = env[DATABASE_URL]
  const url = (written['url'] as string | undefined) ?? (isDatabaseUrl(fromEnv) ? fromEnv : undefined)
  if (!url) return undefined
  return { url, schema: (written['schema'] as string | undefined) ?? 'balanced_call' }
}
