import type { UpstreamRequest } from '../types.ts'
import { textMap, type Options } from './options.ts'

/** Where a token goes: the option `into` with `headers` and `query`; a bearer header when it says nothing. */
export function compilePlacement(options: Options): (request: UpstreamRequest, token: string) => UpstreamRequest {
  const fill = options.template('into', ['token'], { headers: { authorization: 'Bearer ${token}' } })
  return (request, token) => {
    const { headers, query } = Object(fill({ token })) as Record<string, unknown>
    return {
      ...request,
      url: withQuery(request.url, textMap(query)),
      headers: { ...request.headers, ...lowerKeys(textMap(headers)) },
    }
  }
}

export function bearer(request: UpstreamRequest, token: string): UpstreamRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }
}

export function withQuery(url: string, query: Record<string, string>): string {
  const added = new URLSearchParams(query).toString()
  return added === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${added}`
}

export function lowerKeys(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]))
}
