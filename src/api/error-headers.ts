/** The headers that tell a client's SDK whether and when to come back. */
import type { GatewayError } from '../chat/error.ts'
import { journeyHeaders } from './answer-headers.ts'

/** SDKs obey a Retry-After of at most 60 s and `x-should-retry` before everything else. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const headers = error.journey ? journeyHeaders(error.journey) : {}
  if (error.retryAfter !== undefined && Number.isFinite(error.retryAfter)) {
    const wait = Math.max(0, Math.ceil(error.retryAfter))
    headers['retry-after'] = String(Math.max(1, Math.ceil(wait / 1000)))
    headers['retry-after-ms'] = String(wait)
  }
  if (error.kind === 'queue_full' && (error.retryAfter ?? Infinity) > 60_000) headers['x-should-retry'] = 'false'
  return headers
}
