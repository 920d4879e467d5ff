/** The headers that tell a client's SDK whether and when to come back. */
import type { GatewayError } from '../../chat/error.ts'
import { journeyHeaders, type Told } from './answer-headers.ts'

/** Most SDKs wait 60 s at the most; they obey `x-should-retry` before everything else. Milliseconds. */
const OBEYED = 60_000
/** A window of a minute and what clocks differ by is a minute: who comes back then waits for the rest of it here. */
const SAME = 1 / 60

export function errorHeaders(error: GatewayError, told?: Told): Record<string, string> {
  const headers = error.journey ? journeyHeaders(error.journey, told) : {}
  const obeys = error.journey?.obeys ?? OBEYED
  if (error.retryAfter !== undefined && Number.isFinite(error.retryAfter)) {
    const told = error.retryAfter > obeys && error.retryAfter <= obeys * (1 + SAME) ? obeys : error.retryAfter
    const wait = Math.max(0, Math.ceil(told))
    headers['retry-after'] = String(Math.max(1, Math.ceil(wait / 1000)))
    headers['retry-after-ms'] = String(wait)
  }
  // a full queue without a time has no key that could ever serve; a provider that names no time may soon
  const wait = error.retryAfter ?? (error.kind === 'queue_full' ? Infinity : 0)
  const isLimit = error.kind === 'queue_full' || error.kind === 'client_limit' || error.rule.blame === 'limit'
  if (wait > obeys * (1 + SAME) && isLimit) headers['x-should-retry'] = 'false'
  return headers
}
