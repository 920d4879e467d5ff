/** What holds of each request, whatever its case says: the key goes with it, and what only the client knows does not. */
import { GatewayError } from '../../chat/error.ts'
import type { Format } from '../../upstream/types.ts'
import type { Case } from './case.ts'
import { encodeCase } from './run-case.ts'

/** A public name, as clients use them for models; the vendor has its own. */
const PUBLIC_NAME = 'the-clients-name-for-a-model'

export function requestFaults(each: Case, format: Format): string[] {
  if (each.sends === undefined || each.client === undefined) return []
  try {
    const named = { ...each, client: { ...each.client, model: PUBLIC_NAME } }
    const { request } = encodeCase(named, format)
    const whole = JSON.stringify([request.url, request.headers, String(request.body)])
    const faults: string[] = []
    if (whole.includes(PUBLIC_NAME)) faults.push("the client's name for the model reaches the vendor")
    // what an authoriser does with the key is its own business
    if (!format.authorize && !whole.includes('test-key')) faults.push('the key is nowhere in the request')
    return faults
  } catch (error) {
    if (error instanceof GatewayError) return []
    throw error
  }
}
