/** Who may call: a client's key against the configured ones, in constant time. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../chat/error.ts'

/** Throws a GatewayError of kind `client_authentication` when the request has none of the keys; without keys, anyone may call. */
export function createKeyCheck(keys: readonly string[]): (headers: IncomingHttpHeaders) => void {
  if (keys.length === 0) return () => {}
  const known = keys.map(digest)
  return (headers) => {
    const given = keyOf(headers)
    if (given === undefined) {
      throw new GatewayError('client_authentication', 'This server wants a key: send it as "Authorization: Bearer …".')
    }
    const asked = digest(given)
    // every key is compared, so that the time tells nothing
    let found = false
    for (const key of known) found = timingSafeEqual(key, asked) || found
    if (!found) throw new GatewayError('client_authentication', 'Incorrect API key: this server does not know it.')
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
