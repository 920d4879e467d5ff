/** What to set, for a client that asks at a path which is not served, or by a method that a path does not take. */
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../chat/error.ts'

interface Known {
  /** A pattern; the first that fits. */
  path: string
  hint?: string
  /** The path is served, by these methods. */
  methods?: string[]
}

const KNOWN = (JSON.parse(readFileSync(new URL('unknown-urls.json', import.meta.url), 'utf8')) as Known[]).map(
  ({ path, ...rest }) => ({ pattern: new RegExp(path), ...rest }),
)

export interface UnknownUrl {
  error: GatewayError
  /** For the `allow` header of a path that is served. */
  allow?: string
}

/** @param url as it was asked for; a query, which can hold a key, is not told */
export function unknownUrl(method: string, url: string): UnknownUrl {
  const path = url.split('?', 1)[0] ?? ''
  const shown = path.slice(0, 200)
  const { hint, methods } = KNOWN.find(({ pattern }) => pattern.test(path)) ?? {}
  if (methods !== undefined && !methods.includes(method)) {
    const message = `Not allowed to ${method} on ${shown}: it is asked for with ${methods.join(' or ')}.`
    return {
      error: new GatewayError('not_found', message, { status: 405, code: 'method_not_supported' }),
      allow: methods.join(', '),
    }
  }
  const message = `Unknown request URL: ${method} ${shown}. ${hint ?? 'See GET /v1/models.'}`
  return { error: new GatewayError('not_found', message, { code: 'unknown_url' }) }
}
