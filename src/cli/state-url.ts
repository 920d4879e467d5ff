/** The address of the shared state, where the environment gives it: one that is none must not be as good as none at all. */
import { isStateUrl, STATE_URL } from '../config/sections/state.ts'
import { UsageError } from './command-line.ts'

export function checkStateUrl(env: NodeJS.ProcessEnv): void {
  const given = env[STATE_URL]
  if (given && !isStateUrl(given))
    throw new UsageError(`${STATE_URL} is no URL of a Redis or Valkey server, such as redis://127.0.0.1:6379`)
}
