/** The headers that tell a client's SDK whether and when to come back. */
import type { GatewayError } from '../../chat/error.ts'
import { journeyHeaders } from './answer-headers.ts'

/** SDKs obey a Retry-After of at most 60 s and `x-should-retry` before everything else. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const headers = error.journey ? journeyHeaders(error.journey) : {}
  if (error.retryAfter !== undefined && Number.isFinite(error.retryAfter)) {
    const wait = Math.max(0, Math.ceil(error.retryAfter))
    headers['retry-after'] = String(Math.max(1, Math.ceil(wait / 1000)))
    headers['retry-after-ms'] = String(wait)
  }
  // a full queue without a time has no key that could ever serve; a provider that names no time may soon
  const wait = error.retryAfter ?? (error.kind === 'queue_full' ? Infinity : 0)
  if (wait > 60_000 && (error.kind === 'queue_full' || error.rule.blame === 'limit'))
    headers['x-should-retry'] = 'false'
  return headers
}
