/** Who may call: a client's key against the configured ones, in constant time. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../chat/error.ts'

/** Gives the client's name. Throws a GatewayError of kind `client_authentication` when the request has none of the keys. */
export type KeyCheck = (headers: IncomingHttpHeaders) => string | undefined

/** @param names from each key to the name of its client; without keys, anyone may call, and nobody has a name */
export function createKeyCheck(names: ReadonlyMap<string, string>): KeyCheck {
  if (names.size === 0) return () => undefined
  const known = [...names].map(([key, name]) => ({ digest: digest(key), name }))
  return (headers) => {
    const given = keyOf(headers)
    if (given === undefined) {
      throw new GatewayError('client_authentication', 'This server wants a key: send it as "Authorization: Bearer …".')
    }
    const asked = digest(given)
    // every key is compared, so that the time tells nothing
    let found: string | undefined
    for (const { digest: key, name } of known) if (timingSafeEqual(key, asked)) found = name
    if (found === undefined)
      throw new GatewayError('client_authentication', 'Incorrect API key: this server does not know it.')
    return found
  }
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = headers.authorization
  if (bearer !== undefined && /^bearer /i.test(bearer)) return bearer.slice(7).trim()
  const named = headers['x-api-key'] ?? headers['api-key']
  return typeof named === 'string' ? named : undefined
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
