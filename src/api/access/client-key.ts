/** Who may call, and who may ask after the keys: a request's own keys against the configured ones. */
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../chat/error.ts'
import { isOtherSite } from './other-sites.ts'
import type { ClientDirectory } from './client-directory.ts'

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
 * @param directory of clients' keys; without any, anyone may call, and nobody has a name
 * @param admins keys of administrators; where neither they nor clients have keys, everybody is one
 * @param now milliseconds since the epoch
 */
export function createKeyCheck(
  directory: ClientDirectory,
  admins: ReadonlySet<string> = new Set(),
  now: () => number = Date.now,
): KeyCheck {
  const callers = new Map<string, Caller>()
  const callerOf = (client: string): Caller => {
    const known = callers.get(client)
    if (known) return known
    // one object for each client, not for each request
    const caller: Caller = { client, isAdmin: false }
    callers.set(client, caller)
    return caller
  }
  return (headers, url) => {
    const isOpen = !directory.hasKeys()
    // a page of another site may call an open server where server.cors says so, and not look into it
    if (isOpen && admins.size === 0) return isOtherSite(headers) ? NOBODY : EVERYBODY
    let refusal: string | undefined
    for (const given of keysOf(headers, url)) {
      if (admins.has(given)) return ADMIN
      const owner = directory.find(given)
      if (owner?.isRevoked) refusal = 'This API key was revoked: ask whoever runs this server for another.'
      else if (owner?.expires !== undefined && owner.expires <= now()) {
        const day = new Date(owner.expires).toISOString().slice(0, 16)
        refusal = `This API key expired at ${day}Z: ask whoever runs this server for another.`
      } else if (owner) return callerOf(owner.client)
      else refusal ??= 'Incorrect API key: this server does not accept it.'
    }
    if (isOpen) return NOBODY
    throw new GatewayError('client_authentication', refusal ?? 'Missing API key: send it as "Authorization: Bearer …".')
  }
}

const EVERYBODY: Caller = { client: undefined, isAdmin: true }
const NOBODY: Caller = { client: undefined, isAdmin: false }

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
