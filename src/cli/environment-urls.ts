/** Addresses of servers, where the environment gives them: one that is none must not be as good as none at all. */
import { DATABASE_URL, isDatabaseUrl } from '../config/sections/database.ts'
import { isStateUrl, NO_STATE_URL, STATE_URL } from '../config/sections/state.ts'
import { UsageError } from './command-line.ts'

export function checkEnvironmentUrls(env: NodeJS.ProcessEnv): void {
  const state = env[STATE_URL]
  if (state && !isStateUrl(state))
    throw new UsageError(`${STATE_URL} is no URL of a Redis or Valkey server: ${NO_STATE_URL}`)
  const database = env[DATABASE_URL]
  if (database && !isDatabaseUrl(database))
    throw new UsageError(
      `${DATABASE_URL} is no URL of a PostgreSQL server, such as postgres://user:password@127.0.0.1/balanced_call`,
    )
}
