/** Agents name the conversation of a request in a header: its turns share a beginning, and a vendor's cache. */
import type { IncomingHttpHeaders } from 'node:http'

/** `x-session-affinity`, `x-affinity`, `x-NAME-session-id`, `session_id`, `conversation-id`, `thread-id`: nearest first. */
const NAMES = [/^(x-)?([a-z0-9]+-)*affinity$/, /(^|[-_])session[-_]id$/, /(^|[-_])(conversation|thread)[-_]id$/]

export function readSession(headers: IncomingHttpHeaders): string | undefined {
  let found: string | undefined
  let rank: number = NAMES.length
  for (const name in headers) {
    // most names are told by their last letter
    if (!name.endsWith('id') && !name.endsWith('y')) continue
    const value = headers[name]
    if (typeof value !== 'string' || value === '') continue
    const here = NAMES.findIndex((pattern) => pattern.test(name))
    if (here < 0 || here >= rank) continue
    found = value
    rank = here
  }
  return found
}
