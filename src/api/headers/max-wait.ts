/** `x-max-wait`: how long this client is willing to wait for a key. */
import { GatewayError } from '../../chat/error.ts'

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 }

/**
 * Seconds (`2`, `0.5`), as HTTP's own headers count, or with a unit: `500ms`, `30s`, `2m`.
 * @returns milliseconds; undefined without the header. Throws a GatewayError of kind `invalid_request` for other text.
 */
export function readMaxWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(String(header).trim())
  if (match) return Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1000)
  throw new GatewayError(
    'invalid_request',
    'Invalid x-max-wait: send seconds, or a number with ms, s or m, such as 2 or 500ms.',
    {
      param: 'x-max-wait',
    },
  )
}
