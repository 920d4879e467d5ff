/** Who may call, and who may ask after the keys: a request's own keys against the configured ones. */
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../chat/error.ts'

export interface Caller {
  /** The client's name, where keys have names. */
  client: string | undefined
  /** May see and switch the keys of this server. */
  isAdmin: boolean
}

/** Throws a GatewayError of kind `client_authentication` when the request has none of the keys. */
export type KeyCheck = (headers: IncomingHttpHeaders, url?: string) => Caller

/** The name that an administrator's own requests have in logs and shares. */
const ADMIN: Caller = { client: 'admin', isAdmin: true }

/**
 * @param names from each key to the name of its client; without keys, anyone may call, and nobody has a name
 * @param admins keys of administrators; where neither they nor clients have keys, everybody is one
 */
export function createKeyCheck(names: ReadonlyMap<string, string>, admins: ReadonlySet<string> = new Set()): KeyCheck {
  const nobody: Caller = { client: undefined, isAdmin: names.size === 0 && admins.size === 0 }
  if (nobody.isAdmin) return () => nobody
  // one object for each client, not for each request
  const callers = new Map<string, Caller>([...names].map(([key, client]) => [key, { client, isAdmin: false }]))
  for (const key of admins) callers.set(key, ADMIN)
  return (headers, url) => {
    let isGiven = false
    for (const given of keysOf(headers, url)) {
      isGiven = true
      // A map compares texts only where their hashes agree, and those are seeded anew in each process: the time tells nothing
      // of how much of a key was right.
      const found = callers.get(given)
      if (found) return found
    }
    if (names.size === 0) return nobody
    throw new GatewayError(
      'client_authentication',
      isGiven
        ? 'Incorrect API key: this server does not accept it.'
        : 'Missing API key: send it as "Authorization: Bearer …".',
    )
  }
}

/** Where the SDKs of each API put it. A proxy may add a header of its own, so that all are looked at. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key']

function* keysOf(headers: IncomingHttpHeaders, url: string | undefined): Generator<string> {
  const bearer = headers.authorization
  if (bearer !== undefined && /^bearer /i.test(bearer)) yield bearer.slice(7).trim()
  for (const name of KEY_HEADERS) {
    const given = headers[name]
    if (typeof given === 'string') yield given.trim()
  }
  const query = url?.indexOf('?') ?? -1
  // `?key=…`, as one API's clients send it
  const inQuery = url === undefined || query < 0 ? null : new URLSearchParams(url.slice(query)).get('key')
  if (inQuery !== null) yield inQuery
}
