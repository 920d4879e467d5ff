/** What is kept of a client key, and how a wish for one is read. */
import { GatewayError } from '../../chat/error.ts'
import { UncertainChange } from '../../store/documents.ts'
import type { Fault } from '../../config/problem.ts'

export interface StoredKey {
  id: string
  /** The client's: in logs, limits and spend. It stays when the key is rotated. */
  name: string
  /** As under `clients:`, without keys. */
  entry: Record<string, unknown>
  /** Milliseconds since the epoch, as all times here. */
  created: number
  revoked?: number
  /** The newest last; older ones go on for a while after a rotation. */
  secrets: { hash: string; prefix: string; created: number; expires?: number }[]
}

/** Rejects with a GatewayError: one that says why not, or that nothing can be kept at the moment. */
export async function kept(change: Promise<void>, plainly: (cause: unknown) => string): Promise<void> {
  try {
    await change
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const why = plainly(cause)
    if (cause instanceof UncertainChange) {
      const message = `The key may have been stored: ${why}, so that nobody knows. List the keys before you try again (balanced-call keys list, provider-keys list); a client's key that is there and that nobody was shown can be rotated.`
      throw new GatewayError('overloaded', message, { code: 'may_be_kept', cause })
    }
    const message = `The key cannot be kept: ${why}; nothing has changed.`
    throw new GatewayError('overloaded', message, { code: 'not_kept', cause })
  }
}

/** Without the name. Throws a GatewayError for what is no object. */
export function entryIn(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new GatewayError('invalid_request', 'Send a JSON object, such as {"name":"alice","limits":{"rpm":60}}.')
  const { name: _, ...entry } = body as Record<string, unknown>
  return entry
}

export function nameIn(body: unknown): string {
  const { name } = body as { name?: unknown }
  if (typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name
  throw new GatewayError(
    'invalid_request',
    'name is missing, or none: letters, digits, dots, hyphens and underscores.',
    {
      param: 'name',
    },
  )
}

export function faultText({ path, message }: Pick<Fault, 'path' | 'message'>): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}
