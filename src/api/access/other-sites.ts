/** A page of another site can send a POST without a body from a browser on this machine, and says where it is from. */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'

/** Throws a GatewayError of kind `permission`. */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  if (!isOtherSite(headers)) return
  throw new GatewayError('permission', 'Pages of other sites may not change this server.', { status: 403 })
}

export function isOtherSite({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)
}
