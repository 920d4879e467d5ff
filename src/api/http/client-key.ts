/** Who may call: a client's key against the configured ones. */
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../chat/error.ts'

/** Gives the client's name. Throws a GatewayError of kind `client_authentication` when the request has none of the keys. */
export type KeyCheck = (headers: IncomingHttpHeaders, url?: string) => string | undefined

/** @param names from each key to the name of its client; without keys, anyone may call, and nobody has a name */
export function createKeyCheck(names: ReadonlyMap<string, string>): KeyCheck {
  if (names.size === 0) return () => undefined
  return (headers, url) => {
    const given = keyOf(headers) ?? keyInQuery(url)
    if (given === undefined) {
      throw new GatewayError('client_authentication', 'Missing API key: send it as "Authorization: Bearer …".')
    }
    // A map compares texts only where their hashes agree, and those are seeded anew in each process: the time tells nothing
    // of how much of a key was right.
    const found = names.get(given)
    if (found === undefined)
      throw new GatewayError('client_authentication', 'Incorrect API key: this server does not accept it.')
    return found
  }
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = headers.authorization
  if (bearer !== undefined && /^bearer /i.test(bearer)) return bearer.slice(7).trim()
  const named = headers['x-api-key'] ?? headers['api-key'] ?? headers['x-goog-api-key']
  return typeof named === 'string' ? named : undefined
}

/** `?key=…`, as one API's clients send it. */
function keyInQuery(url: string | undefined): string | undefined {
  const query = url?.indexOf('?') ?? -1
  if (url === undefined || query < 0) return undefined
  return new URLSearchParams(url.slice(query)).get('key') ?? undefined
}
