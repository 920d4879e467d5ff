import type { FastifyRequest } from 'fastify'
import type { NativeRequest } from '../../chat/request.ts'

/** A request as it came, for upstreams of the same wire. @param headers those of the client's that belong to its API */
export function nativeRequest(api: string, request: FastifyRequest, headers: readonly string[] = []): NativeRequest {
  const own: Record<string, string> = {}
  for (const name of headers) {
    const value = request.headers[name]
    if (value !== undefined) own[name.replaceAll('-', '_')] = String(value)
  }
  const native: NativeRequest = { api, body: request.body as Record<string, unknown>, headers: own }
  if (request.bodyBytes) native.bytes = request.bodyBytes
  return native
}
