/** Pages of other sites that may call this server from a browser (Fetch Standard, section 3.3 "CORS protocol"). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { isOtherSite } from './other-sites.ts'
import { globTest } from '../../runtime/glob.ts'

export interface Cors {
  /** Tells the browser of a page that may read the answer. */
  allow(request: FastifyRequest, reply: FastifyReply): void
  /** Answers a browser that asks before it calls; it sends no key then. False for any other request. */
  preflight(request: FastifyRequest, reply: FastifyReply): boolean
  /** A form is sent without that question, and who sent it spends all the same. Throws a GatewayError. */
  checkForm(request: FastifyRequest): void
}

/** Seconds that a browser may remember the answer; none keeps it longer than a day. */
const REMEMBERED = '86400'
/** Beside those that each page may read. */
const SHOWN = [
  'x-request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  ...['provider', 'model', 'key', 'attempts', 'queue-ms', 'warnings', 'explain', 'token-count', 'cost'].flatMap(
    (name) => [`x-balanced-call-${name}`, `x-bc-${name}`],
  ),
]

/**
 * @param origins such as `https://app.example.com`, `*` for any part; none: pages of other sites may not call
 * @param forwarded further headers of answers that pages may read
 */
export function createCors(origins: readonly string[], forwarded: readonly string[]): Cors {
  const globs = origins.map((origin) => globTest(origin.toLowerCase().replace(/\/$/, '')))
  const isAllowed = (origin: string): boolean => globs.some((fits) => fits(origin.toLowerCase()))
  const refusal = (origin: string): GatewayError =>
    new GatewayError(
      'permission',
      `Pages of ${origin.slice(0, 200)} may not call this server: add the origin to server.cors.`,
      { code: 'origin_not_allowed' },
    )
  const shown = [...SHOWN, ...forwarded].join(', ')

  return {
    // on the response itself, as answers of models go past Fastify's own headers
    allow({ headers: { origin } }, { raw }) {
      if (globs.length === 0) return
      raw.setHeader('vary', 'origin')
      if (origin === undefined || !isAllowed(origin)) return
      raw.setHeader('access-control-allow-origin', origin)
      raw.setHeader('access-control-expose-headers', shown)
    },
    preflight({ method, headers }, reply) {
      const { origin, 'access-control-request-method': asked } = headers
      if (method !== 'OPTIONS' || origin === undefined || asked === undefined) return false
      if (!isAllowed(origin)) throw refusal(origin)
      const wanted = headers['access-control-request-headers']
      reply.headers({
        'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
        'access-control-max-age': REMEMBERED,
        ...(wanted !== undefined && { 'access-control-allow-headers': wanted }),
        // Chrome asks so where a public page calls a private address
        ...(headers['access-control-request-private-network'] === 'true' && {
          'access-control-allow-private-network': 'true',
        }),
      })
      void reply.code(204).send()
      return true
    },
    checkForm({ headers }) {
      const { origin, 'content-type': type } = headers
      if (origin === undefined || !/^multipart\//i.test(type ?? '')) return
      if (isOtherSite(headers) && !isAllowed(origin)) throw refusal(origin)
    },
  }
}
