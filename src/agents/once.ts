/** Files of one start: what an agent is given that reads nothing but files, while its own stay as they are. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fillIn, type Agent, type Endpoint } from './agent.ts'
import { makeFolder, removeLeftBehind } from './left-behind.ts'
import { mergeSettings } from './merge-settings.ts'

export interface Once {
  /** The endpoint, with the folder where the files are. */
  endpoint: Endpoint
  remove: () => void
}

/** Throws an Error that names the agent's own file where that cannot be read. */
export function writeOnce(agent: Agent, endpoint: Endpoint): Once {
  removeLeftBehind()
  if (agent.once === undefined) return { endpoint, remove: () => {} }
  const files = fillIn(agent.once, endpoint).map(({ from, ...file }) => {
    const own = from === undefined ? undefined : pathOf(from)
    const before = own !== undefined && existsSync(own) ? readFileSync(own, 'utf8') : ''
    try {
      return { path: file.path, text: mergeSettings(before, file) }
    } catch (cause) {
      throw new Error(`${own} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  })
  const once = makeFolder()
  // they hold a key
  for (const { path, text } of files) writeFileSync(join(once, path), text, { mode: 0o600 })
  return { endpoint: { ...endpoint, once }, remove: () => rmSync(once, { recursive: true, force: true }) }
}

/** `~` is the user's home. */
export function pathOf(written: string): string {
  return written.replace(/^~/, homedir())
}
