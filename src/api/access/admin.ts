/** Pages about this server itself, its keys and counters: for administrators, where clients have keys. */
import type { FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'

/** As a hook before a route. Throws a GatewayError of kind `permission`. */
export function adminsOnly({ isAdmin }: FastifyRequest, _reply: unknown, done: () => void): void {
  if (!isAdmin)
    throw new GatewayError(
      'permission',
      'This is for administrators: send a key of server.admin_keys (or BALANCED_CALL_ADMIN_KEYS) of this server.',
      { code: 'admin_key_required' },
    )
  done()
}
