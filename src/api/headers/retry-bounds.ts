/** How long a client's library waits at a Retry-After: beyond, it gives up or comes back at its own, too soon. */
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Milliseconds, as measured with the libraries themselves. Their vendor generates them from one template, which names the
 * language in `x-stainless-lang`; python and go wait 120 s and no longer, node 60 s, java without a bound.
 */
const BY_LANGUAGE: Record<string, number> = {
  python: 120_000,
  go: 120_000,
  js: 60_000,
  java: 86_400_000,
}

export function readObeys(headers: IncomingHttpHeaders): number | undefined {
  const language = headers['x-stainless-lang']
  if (typeof language !== 'string') return undefined
  const name = language.toLowerCase()
  return Object.hasOwn(BY_LANGUAGE, name) ? BY_LANGUAGE[name] : undefined
}
