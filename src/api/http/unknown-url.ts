/** What to set, for a client that asks at a path which is not served. */
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../chat/error.ts'

/** By path, the first that fits. A path that is served never comes here with the method that it takes. */
const HINTS = (
  JSON.parse(readFileSync(new URL('unknown-urls.json', import.meta.url), 'utf8')) as [path: string, hint: string][]
).map(([path, hint]) => [new RegExp(path), hint] as const)

/** @param url as it was asked for; a query, which can hold a key, is not told */
export function unknownUrl(method: string, url: string): GatewayError {
  const path = url.split('?', 1)[0] ?? ''
  const hint = HINTS.find(([pattern]) => pattern.test(path))?.[1] ?? 'See GET /v1/models.'
  const message = `Unknown request URL: ${method} ${path.slice(0, 200)}. ${hint}`
  return new GatewayError('not_found', message, { code: 'unknown_url' })
}
